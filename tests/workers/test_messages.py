"""A message of ours is one of Celery's."""

import json
from base64 import b64decode
from typing import Any

import pytest
from celery import Celery
from redis import Redis

from tests.bells import taken
from workers import stores
from workers.celery import app
from workers.messages import message, ring_dispatch

ARGS = ("0f" * 16, 3, 1)


def opened(text: str) -> tuple[dict[str, Any], Any]:
    """Return a message's envelope, and what its body holds."""
    envelope = json.loads(text)
    return envelope, json.loads(b64decode(envelope.pop("body")))


def test_message_is_what_celery_itself_would_send(redis_address: str, broker: Redis) -> None:
    with app.connection_for_write(f"{redis_address}/0") as connection:
        app.send_task("workers.render", args=ARGS, queue="gpu.h.0", task_id="id", connection=connection)
    celerys, celerys_body = opened(str(broker.rpop("gpu.h.0")))
    ours, our_body = opened(message("gpu.h.0", "workers.render", ARGS, "id"))
    assert our_body == celerys_body
    for its_own in ("reply_to", "delivery_tag"):  # each sending draws another
        assert ours["properties"].pop(its_own) != celerys["properties"].pop(its_own)
    assert ours == celerys


def test_pushed_message_is_taken_acknowledged_and_given_back_like_any_other(
    redis_address: str, broker: Redis
) -> None:
    broker.lpush("gpu.h.0", message("gpu.h.0", "workers.render", ARGS, "id"))
    celery = Celery(broker=f"{redis_address}/0")
    with celery.connection_for_read() as connection, connection.SimpleQueue("gpu.h.0") as queue:
        queue.get(timeout=5).requeue()
        again = queue.get(timeout=5)
        assert (again.headers["task"], tuple(again.payload[0])) == ("workers.render", ARGS)
        again.ack()
    assert not broker.exists("gpu.h.0", "unacked", "unacked_index")


def test_dispatch_is_rung_once_until_it_takes_the_message(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "broker", lambda: broker)
    for _ in range(2):
        for _ in range(3):
            ring_dispatch()
        assert taken(broker, "dispatch") == [[]]
