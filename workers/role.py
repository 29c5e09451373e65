"""Which of the three roles this worker has, told by its queue, and what it starts."""

import logging
import sys
from dataclasses import dataclass
from threading import Event
from typing import Any
from uuid import uuid4

from celery.signals import celeryd_after_setup, celeryd_init, worker_process_init, worker_process_shutdown

from workers import render, stores, timers
from workers.ending import end_worker
from workers.heartbeat import Heartbeat

log = logging.getLogger(__name__)

OWNER = uuid4().hex
"""Tells this worker from another of the same name; drawn before the pool forks, so its processes share it."""


@dataclass(frozen=True, slots=True)
class Role:
    role: str
    queue: str
    node: str

    @property
    def name(self) -> str:
        """What the heartbeat goes by: a render worker's queue, since one queue has one worker."""
        return self.queue if self.role == "render" else self.node


class _Process:
    role: Role
    heartbeat: Heartbeat | None = None
    ends = Event()


def role_of(queues: list[str], node: str) -> Role:
    """Return the role of a worker that consumes `queues`.

    Raises:
        ValueError: it is not exactly one of the queues there are.
    """
    if len(queues) == 1:
        queue = queues[0]
        if queue in ("prepare", "dispatch"):
            return Role(queue, queue, node)
        kind, _, index = queue.rpartition(".")
        if kind.startswith("gpu.") and len(kind) > len("gpu.") and index.isdigit():
            return Role("render", queue, node)
    raise ValueError(
        f"a worker serves one queue, `prepare`, `dispatch` or `gpu.<host>.<index>`, not {', '.join(queues)}: "
        "start it with -Q"
    )


@celeryd_init.connect
def check_pool(conf: Any, options: dict[str, Any], **_: object) -> None:
    """End a worker of another pool: only a process of its own can crash and be started again beside a GPU."""
    pool = options.get("pool") or conf.worker_pool
    if "prefork" not in str(pool):
        sys.exit("a worker needs Celery's own choice of pool, prefork: start it without -P")


@celeryd_after_setup.connect
def choose_role(instance: Any, **_: object) -> None:
    try:
        _Process.role = role_of(list(instance.app.amqp.queues.consume_from), instance.hostname)
    except ValueError as error:
        sys.exit(str(error))


@worker_process_init.connect
def start(**_: object) -> None:
    """Start what the role needs in the process that runs its tasks; the heartbeat says that it is ready."""
    role = _Process.role
    heart = Heartbeat(stores.broker(), role.name, role.role, role.queue, OWNER)
    try:
        if role.role == "render":
            render.start(heart)
        elif role.role == "dispatch":
            timers.start(_Process.ends)
    except Exception:  # Celery would go on without a word, with a worker that can do nothing
        log.exception("this %s worker cannot start, and ends", role.role)
        end_worker()
        return
    heart.start()
    _Process.heartbeat = heart


@worker_process_shutdown.connect
def stop(**_: object) -> None:
    _Process.ends.set()
    render.stop()
    if _Process.heartbeat:
        _Process.heartbeat.stop()
