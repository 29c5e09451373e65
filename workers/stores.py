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
