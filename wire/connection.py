"""Connections to Redis that never hang."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def connect(url: str, timeout_s: float) -> Redis:
    """Return a client of the server at `url` whose every call ends within `timeout_s`, or with an error.

    Answers are bytes. A broken connection is opened again once, at once, by the next call.
    """
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
    )


def now_ms(client: Redis) -> int:
    """Return the server's clock in milliseconds: the one clock that all processes share."""
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000
