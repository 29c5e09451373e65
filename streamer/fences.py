"""Lets go, on the frames server, of what was sent, from a thread of its own.

Only what the broker was told counts: a streamer started anew goes on from there, and must find the frames.
"""

import logging
from threading import Event

from redis import Redis, RedisError

from streamer.outage import Outage
from streamer.progress import Aired, Progress
from wire import chunks, supply

BEAT_S = 0.2
"""Between two rounds; a chunk is a second."""
RETRY_S = 1.0

log = logging.getLogger(__name__)


class Fences:
    """Moves each job's fence behind what is on air, until stopped and once more then."""

    def __init__(self, frames: Redis, progress: Progress) -> None:
        self._frames, self._progress = frames, progress
        self._at: dict[str, int] = {}
        self._outage = Outage(log, "moving fences on the frames server")

    def run(self, stop: Event) -> None:
        """Move fences until `stop`; the body of a thread."""
        while not stop.is_set():
            stop.wait(self._once())
        self._once()

    def _once(self) -> float:
        try:
            for aired in self._progress.told():
                self._move(aired)
            self._outage.ended()
        except RedisError as error:
            self._outage.began(error)
            return RETRY_S
        except Exception:
            log.exception("moving fences failed, and goes on in %s s", RETRY_S)
            return RETRY_S
        return BEAT_S

    def _move(self, aired: Aired) -> None:
        job_id = aired.job.id
        since = self._at.get(job_id, chunks.chunk_of(aired.job.frames_aired))
        if aired.chunks > since:
            supply.advance_fence(self._frames, job_id, aired.chunks, since)
            self._at[job_id] = aired.chunks
        if aired.is_over:
            self._progress.forget(aired)
            self._at.pop(job_id, None)
