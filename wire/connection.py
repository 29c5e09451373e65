"""Connections to Redis that never hang."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha1
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, OutOfMemoryError, ResponseError
from redis.retry import Retry

from wire import scripts

Memory = tuple[int, int]
"""Bytes that a server holds, and may hold; 0 where it has no bound."""


@dataclass(frozen=True, slots=True)
class Call:
    """One of `wire.scripts`, and the keys and arguments that it is to be run with."""

    source: str
    names: Sequence[str]
    args: Sequence[str] = ()


MEMORY = Call(scripts.MEMORY, [])
"""What asks for `Memory`."""


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
    return in_ms(client.time())


def in_ms(told: tuple[int, int]) -> int:
    """Return a server's answer to TIME, seconds and microseconds, in milliseconds."""
    seconds, micros = told
    return int(seconds) * 1000 + int(micros) // 1000


def memory(client: Redis) -> Memory:
    """Return how much the server holds, and may hold."""
    used, bound = script(client, scripts.MEMORY, [])
    return int(used), int(bound)


def text_hash(client: Redis, key: str) -> dict[str, str]:
    """Return the hash at `key`, empty where there is none. (redis-py's types leave bytes or text open.)"""
    return cast(dict[str, str], client.hgetall(key))


def script(client: Redis, source: str, names: list[str], *args: str | bytes) -> Any:
    """Run one of `wire.scripts` on the keys `names`; the server keeps the source after the first time.

    Raises:
        OutOfMemoryError: the server is full, and the script's first write may grow what it holds.
    """
    call: Any = (_sha(source), len(names), *names, *args)
    try:
        try:
            return client.evalsha(*call)
        except NoScriptError:  # a server that is asked for the first time, or was started again
            client.script_load(source)
            return client.evalsha(*call)
    except ResponseError as error:
        if "OOM" in str(error):  # before version 7 it comes from scripts under the code of any error
            raise OutOfMemoryError(str(error)) from error
        raise


def scripts_at_once(client: Redis, *calls: Call) -> list[Any]:
    """Run scripts one after the other, in one round trip; other clients' commands may come between them."""
    try:
        return _run(client, calls)
    except NoScriptError:
        for call in calls:
            client.script_load(call.source)
        return _run(client, calls)


def _run(client: Redis, calls: Sequence[Call]) -> list[Any]:
    with client.pipeline(transaction=False) as pipe:
        for call in calls:
            pipe.evalsha(_sha(call.source), len(call.names), *call.names, *call.args)
        return pipe.execute()


@lru_cache
def _sha(source: str) -> str:
    return sha1(source.encode()).hexdigest()  # what Redis itself knows a script by
