"""Connections to Redis that never hang."""

from collections.abc import Sequence
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, ResponseError
from redis.retry import Retry

from wire import scripts


def broker(url: str, timeout_s: float) -> Redis:
    """Return a client of the broker: answers are text. Every call ends within `timeout_s`, or with an error.

    A connection that broke is opened again once, at once, by the next call.
    """
    return _connect(url, timeout_s, decode_responses=True)


def frames(url: str, timeout_s: float) -> Redis:
    """Return a client of the frames server: like `broker`, but answers are bytes."""
    return _connect(url, timeout_s, decode_responses=False)


def _connect(url: str, timeout_s: float, decode_responses: bool) -> Redis:
    return Redis.from_url(
        url,
        decode_responses=decode_responses,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
    )


def now_ms(client: Redis) -> int:
    """Return the server's clock in milliseconds: the one clock that all processes share."""
    seconds, micros = client.time()
    return int(seconds) * 1000 + int(micros) // 1000


def memory(client: Redis) -> tuple[int, int]:
    """Return how many bytes the server holds, and how many it may; 0 where it has no bound."""
    used, bound = script(client, scripts.MEMORY, [])
    return int(used), int(bound)


def text_hash(client: Redis, key: str) -> dict[str, str]:
    """Return the hash at `key`, empty where there is none. (redis-py's types leave bytes or text open.)"""
    return cast(dict[str, str], client.hgetall(key))


def pairs(flat: Sequence[str]) -> dict[str, str]:
    """Return a hash as scripts return it: fields and values in turn."""
    return dict(zip(flat[::2], flat[1::2], strict=True))


def script(client: Redis, source: str, names: list[str], *args: str | bytes) -> Any:
    """Run one of `wire.scripts` on the keys `names`; the server keeps the source after the first time.

    Raises:
        OutOfMemoryError: the server is full, and the script's first write may grow what it holds.
    """
    try:
        return client.register_script(source)(keys=names, args=args)
    except ResponseError as error:
        if "OOM" in str(error):  # before version 7 it comes from scripts under the code of any error
            raise OutOfMemoryError(str(error)) from error
        raise
