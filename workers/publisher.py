"""The thread that speaks to the servers while the one that renders is at the next chunk."""

import logging
from collections.abc import Callable
from queue import Queue
from threading import Thread

from wire.media import BATCH_FRAMES, CHUNK_FRAMES

log = logging.getLogger(__name__)

WAITING = CHUNK_FRAMES // BATCH_FRAMES + 1
"""What waits at most: the batches of a chunk, and word of its end. Rendering waits for room."""


class Publisher:
    """Does what is put, in order, in a thread of its own."""

    def __init__(self) -> None:
        self._work: Queue[Callable[[], None]] = Queue(WAITING)
        Thread(target=self._run, name="publisher", daemon=True).start()

    def put(self, work: Callable[[], None]) -> None:
        """Have `work` done after what was put before; waits while `WAITING` are to be done."""
        self._work.put(work)

    def finish(self) -> None:
        """Wait until all that was put is done."""
        self._work.join()

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:  # what comes next is another chunk's
                log.exception("the servers were not told; dispatch finds the chunk overdue")
            finally:
                self._work.task_done()
