"""This process's connections, made on first use, so that none is shared over a fork."""

from functools import lru_cache

from redis import Redis

from settings import settings
from wire import connection


@lru_cache(maxsize=1)
def broker() -> Redis:
    return connection.broker(settings().broker_url, settings().redis_timeout_s)


@lru_cache(maxsize=1)
def frames() -> Redis:
    return connection.frames(settings().frames_url, settings().redis_timeout_s)


@lru_cache(maxsize=2)
def held(client: Redis) -> Redis:
    """Return a client that keeps one of `client`'s connections to itself, for what asks often.

    For each call redis-py else takes a connection, sees whether it lives, and gives it back: a third of what
    a call takes of the CPU. One that is held and broke is opened anew, once, by the call that finds it so.

    Raises:
        RedisError: the server cannot be reached, and no connection was held before.
    """
    return Redis(connection_pool=client.connection_pool, single_connection_client=True)
