"""What the routes work with: settings, clients of both Redis servers and of Celery, the prober."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import cast

from celery import Celery
from flask import current_app
from redis import Redis

from app.prober import Prober
from settings import Settings
from wire import connection

UPLOADS_AT_ONCE = 12
"""Uploads that one process reads at the same time; fewer than its threads, so that slow uploads leave some
for the page, the stream and the other routes."""

KEY = "latentsync-live"


@dataclass(frozen=True)
class Parts:
    """One process's parts. All are safe to use from any thread."""

    settings: Settings
    broker: Redis
    frames: Redis
    celery: Celery
    prober: Prober
    slots: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(UPLOADS_AT_ONCE))


def build(config: Settings) -> Parts:
    """Return the parts. Nothing is connected yet.

    Redis clients try a call twice, so a try gets half of `redis_timeout_s`: what a frozen Redis costs a
    request stays far below 5 s.
    """
    try_s = config.redis_timeout_s / 2
    return Parts(
        config,
        connection.broker(config.broker_url, try_s),
        connection.frames(config.frames_url, try_s),
        _celery(config.broker_url, try_s),
        Prober(config.upload_max_s),
    )


def parts() -> Parts:
    """Return the parts of the app that answers the present request."""
    return cast(Parts, current_app.extensions[KEY])


def _celery(url: str, try_s: float) -> Celery:
    """Return a client that sends, or fails after one try: by default it would try for 6 s and more."""
    celery = Celery("app", set_as_current=False)
    celery.config_from_object("celeryconfig")
    once = {"socket_timeout": try_s, "socket_connect_timeout": try_s, "max_retries": 0}
    celery.conf.update(broker_url=url, broker_transport_options=celery.conf.broker_transport_options | once)
    return celery
