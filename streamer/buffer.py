"""Frames read ahead: written by the thread that reads Redis, taken by the tick, which never waits."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from streamer.playout import Supply, is_due
from wire.batches import Patch
from wire.jobs import Job
from wire.media import FPS

BOUND_FRAMES = 3 * FPS
"""Reading stops above this: 3 s outlast a hiccup of Redis, and cost about 30 MB of patches at 720p."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """The job's frame `number`, ready to be sent: its place on the timeline, patch, `(1920,)` of sound.

    `own_mouth`: the patch it should have is lost or cannot be laid, so it is empty.
    """

    job: Job
    number: int
    position: int
    patch: Patch
    sound: NDArray[np.int16]
    own_mouth: bool = False

    @property
    def is_last(self) -> bool:
        return self.number + 1 >= self.job.frames

    def follows(self, other: "Spoken | None") -> bool:
        """Return whether this frame's sound goes on where the `other`'s ends."""
        return other is not None and other.job.id == self.job.id and other.number + 1 == self.number


class Buffer:
    """Frames in airing order, of one job after another."""

    def __init__(self, ahead_max: int) -> None:
        """`ahead_max`: how many positions ahead a job's start may be planned."""
        self._ahead_max = ahead_max
        self._frames: deque[Spoken] = deque()
        self._begun = ""
        self._lock = Lock()

    def is_full(self) -> bool:
        return len(self._frames) >= BOUND_FRAMES

    def put(self, frames: Iterable[Spoken]) -> None:
        """Add the frames behind those that are there."""
        with self._lock:
            self._frames.extend(frames)

    def take(self, position: int) -> tuple[Supply, Spoken | None]:
        """Return what there is to send at `position`, and take the frame out if it is to be sent now."""
        with self._lock:
            if not self._frames:
                return (Supply.LATE if self._begun else Supply.NONE), None
            first = self._frames[0]
            if first.job.id != self._begun and not is_due(position, first.position, self._ahead_max):
                return Supply.NONE, None
            self._frames.popleft()
            self._begun = "" if first.is_last else first.job.id
            return Supply.READY, first

    def drop(self, job_id: str) -> None:
        """Forget the job: it has ended elsewhere, and nothing more of it is to be sent."""
        with self._lock:
            self._frames = deque(frame for frame in self._frames if frame.job.id != job_id)
            if self._begun == job_id:
                self._begun = ""
