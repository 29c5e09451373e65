"""A worker that cannot acknowledge a message takes the next one all the same."""

import logging
from typing import Any

from celery import Celery
from redis import Redis

from workers.acks import install

SOCKET_TIMEOUT_S = 1.0
"""A server that is there answers sooner, on a busy machine too."""


def test_message_whose_acknowledgement_is_lost_is_held_no_longer(broker: Redis, redis_address: str) -> None:
    install()
    celery = Celery(broker=f"{redis_address}/0")
    celery.conf.broker_transport_options = {"socket_timeout": SOCKET_TIMEOUT_S}
    with celery.connection_for_read() as connection, connection.SimpleQueue("rung") as queue:
        queue.consumer.qos(prefetch_count=1)
        queue.put("first")
        queue.put("second")
        lose_ack(broker, queue.get(timeout=60), connection)
        second = queue.get(timeout=60)
        assert second.payload == "second"
        second.ack()


def lose_ack(broker: Redis, message: Any, connection: Any) -> None:
    """Acknowledge the message as Celery does, to a broker that does not answer in time."""
    broker.client_pause(int(2 * SOCKET_TIMEOUT_S * 1000))
    message.ack_log_error(logging.getLogger(__name__), connection.connection_errors)
    broker.ping()  # answered when the pause is over
