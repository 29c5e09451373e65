"""The heart of a worker: a thread of the process that runs its tasks, so that it stops when that does."""

import logging
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from time import monotonic
from uuid import uuid4

from redis import Redis, RedisError

from wire import workers
from wire.workers import BEAT_S, DEAD_S, Worker
from workers.ending import end_worker, is_ending

log = logging.getLogger(__name__)

PATIENCE = int(DEAD_S / BEAT_S) + 2
"""Beats refused before giving up: by then the heart of a worker that died has stopped."""
HUNG_S = 30.0
"""A task that takes so much longer than it may will never end. It may wait for its publisher, which waits
`workers.render.ROOM_WAIT_S` at most for room on a full frames server."""


class Heartbeat:
    """Tells every `BEAT_S` that this worker lives. Refused for long, it ends the worker."""

    def __init__(self, broker: Redis, name: str, role: str, queue: str, owner: str) -> None:
        self._broker = broker
        self._owner = owner
        self._worker = Worker(name, role, queue, life=uuid4().hex)
        self._due_s = math.inf
        self._stop = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def name(self) -> str:
        return self._worker.name

    @property
    def life(self) -> str:
        return self._worker.life

    @property
    def speed(self) -> float:
        return self._worker.speed

    def tell(self, *, device: str | None = None, engine: str | None = None, speed: float) -> None:
        """Tell with the next beats what this worker renders with, and how many frames a second."""
        told = self._worker
        self._worker = replace(told, device=device or told.device, engine=engine or told.engine, speed=speed)

    @contextmanager
    def busy(self, for_s: float) -> Iterator[None]:
        """Work on something that should take `for_s` at most.

        While it takes longer the worker counts as dead, as nothing else can be done here; after `HUNG_S` more
        its process ends, and Celery starts another.
        """
        self._due_s = monotonic() + for_s
        try:
            yield
        finally:
            self._due_s = math.inf

    def start(self) -> None:
        self._taken()  # before any task of this process: what it claims is then known to be its own
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():  # one that was never started cannot be joined
            self._thread.join(2 * BEAT_S)
        try:
            workers.leave(self._broker, self.name, self._owner)
        except RedisError as error:
            log.warning(
                "heartbeat: goodbye of %s not sent (%s); it is dead in %.0f s", self.name, error, DEAD_S
            )

    def _run(self) -> None:
        refused = 0
        while refused < PATIENCE:
            if monotonic() - self._due_s > HUNG_S:
                log.critical("%s hangs: its process ends", self.name)
                os._exit(os.EX_UNAVAILABLE)
            refused = 0 if self._taken() else refused + 1
            if self._stop.wait(BEAT_S):
                return
        log.critical("another worker serves %s: this one ends; give it an index of its own", self.name)
        end_worker()

    def _taken(self) -> bool:
        """Beat, or say goodbye while overdue; True if it was taken, or could not be sent."""
        try:
            if monotonic() > self._due_s:
                workers.leave(self._broker, self.name, self._owner)
                return True
            return workers.beat(self._broker, replace(self._worker, is_ending=is_ending()), self._owner)
        except RedisError as error:
            log.warning("heartbeat of %s not sent (%s); again in %.1f s", self.name, error, BEAT_S)
            return True
