"""What the routes work with: settings, clients of both Redis servers and of Celery, the prober."""

from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any, cast

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

    Redis clients try a call twice and kombu sends a message four times, so each gets that share of
    `redis_timeout_s`: a frozen Redis then costs a request about that long, and never 5 s.
    """
    each_s = config.redis_timeout_s / 2
    return Parts(
        config,
        connection.broker(config.broker_url, each_s),
        connection.frames(config.frames_url, each_s),
        _celery(config),
        Prober(config.upload_max_s),
    )


def parts() -> Parts:
    """Return the parts of the app that answers the present request."""
    return cast(Parts, current_app.extensions[KEY])


def _celery(config: Settings) -> Celery:
    celery = Celery("app", set_as_current=False)
    celery.config_from_object("celeryconfig")
    timeouts: dict[str, Any] = dict.fromkeys(
        ("socket_timeout", "socket_connect_timeout"), config.redis_timeout_s / 4
    )
    options = celery.conf.broker_transport_options | timeouts
    celery.conf.update(broker_url=config.broker_url, broker_transport_options=options)
    return celery
