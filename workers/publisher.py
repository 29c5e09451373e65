"""The thread that speaks to the servers while the one that renders is at the next chunk."""

import logging
from collections.abc import Callable
from contextlib import suppress
from queue import Full, Queue
from threading import Event, Thread

from wire.media import BATCH_FRAMES, CHUNK_FRAMES

log = logging.getLogger(__name__)

WAITING = CHUNK_FRAMES // BATCH_FRAMES + 1
"""What waits at most: the batches of a chunk, and word of its end. Rendering waits for room."""
FINISH_S = 30.0
"""Longer than a chunk waits for a full frames server (`workers.render.ROOM_WAIT_S`): what takes longer is
left, and dispatch finds it overdue."""


class Publisher:
    """Does what is put, in order, in a thread of its own."""

    def __init__(self) -> None:
        self._work: Queue[Callable[[], None]] = Queue(WAITING)
        Thread(target=self._run, name="publisher", daemon=True).start()

    def put(self, work: Callable[[], None]) -> None:
        """Have `work` done after what was put before; waits while `WAITING` are to be done."""
        self._work.put(work)

    def finish(self) -> None:
        """Wait until all that was put is done, or leave it after `FINISH_S`."""
        done = Event()
        with suppress(Full):
            self._work.put(done.set, timeout=FINISH_S)
        if not done.wait(FINISH_S):
            log.warning("the servers did not take what was rendered in %.0f s: it is left", FINISH_S)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:  # what comes next is another chunk's
                log.exception("the servers were not told; dispatch finds the chunk overdue")
