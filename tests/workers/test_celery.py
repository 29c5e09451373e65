"""How workers speak to the broker."""

import socket

from workers.celery import app


def test_worker_that_waits_for_messages_notices_a_broker_that_is_gone_without_a_word(
    redis_address: str,
) -> None:
    with app.connection_for_read(f"{redis_address}/0") as connection:
        client = connection.default_channel.client
        client.ping()
        used = client.connection_pool.get_connection()._sock
        assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        idle, pause, times = (
            used.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
        assert idle + pause * times < 15
