"""The heart of a worker: a thread of the process that runs its tasks, so that it stops when that does."""

import logging
from dataclasses import replace
from threading import Event, Thread

from redis import Redis, RedisError

from wire import workers
from wire.workers import BEAT_S, DEAD_S, Worker
from workers.ending import end_worker

log = logging.getLogger(__name__)

PATIENCE = int(DEAD_S / BEAT_S) + 2
"""Beats refused before giving up: by then the heart of a worker that died has stopped."""


class Heartbeat:
    """Tells every `BEAT_S` that this worker lives. Refused for long, it ends the worker."""

    def __init__(self, broker: Redis, name: str, role: str, queue: str, owner: str) -> None:
        self._broker = broker
        self._owner = owner
        self._worker = Worker(name, role, queue)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)

    @property
    def name(self) -> str:
        return self._worker.name

    @property
    def speed(self) -> float:
        return self._worker.speed

    def tell(self, *, device: str | None = None, engine: str | None = None, speed: float) -> None:
        """Tell with the next beats what this worker renders with, and how many frames a second."""
        told = self._worker
        self._worker = replace(told, device=device or told.device, engine=engine or told.engine, speed=speed)

    def start(self) -> None:
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
            refused = 0 if self._taken() else refused + 1
            if self._stop.wait(BEAT_S):
                return
        log.critical("another worker serves %s: this one ends; give it an index of its own", self.name)
        end_worker()

    def _taken(self) -> bool:
        """Beat; True if it was taken, or could not be sent."""
        try:
            return workers.beat(self._broker, self._worker, self._owner)
        except RedisError as error:
            log.warning("heartbeat of %s not sent (%s); again in %.1f s", self.name, error, BEAT_S)
            return True
