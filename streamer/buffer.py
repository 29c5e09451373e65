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

    `own_mouth`: the patch it should have is lost or cannot be laid, so it is empty. `was_late`: speech
    stood still before it.
    """

    job: Job
    number: int
    position: int
    patch: Patch
    sound: NDArray[np.int16]
    own_mouth: bool = False
    was_late: bool = False

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
        self._ends_at = 0  # the position behind the last frame of the job that was begun last
        self._free_until = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def is_full(self) -> bool:
        return len(self) >= BOUND_FRAMES

    def put(self, frames: Iterable[Spoken]) -> None:
        """Add the frames behind those that are there."""
        with self._lock:
            self._frames.extend(frames)

    def has_next(self) -> bool:
        """Return whether the job that is on air can go on: its next frame is here."""
        with self._lock:
            return bool(self._begun and self._frames)

    def take(self, position: int, is_idle: bool = True) -> tuple[Supply, Spoken | None]:
        """Return what there is to send at `position`, and take the frame out if it is to be sent now.

        `is_idle` tells whether the clip's own mouth is on: a job planned behind one that is gone then
        begins as soon as it is well ahead, and not only at its place.
        """
        with self._lock:
            if not self._frames:
                return (Supply.LATE if self._begun else Supply.NONE), None
            first = self._frames[0]
            if first.job.id != self._begun and not self._may_begin(first, position, is_idle):
                return Supply.NONE, None
            self._frames.popleft()
            self._ends_at = position + first.job.frames - first.number
            self._begun = "" if first.is_last else first.job.id
            return Supply.READY, first

    def _may_begin(self, first: Spoken, position: int, is_idle: bool) -> bool:
        begins = first.position - first.job.leap
        if is_due(position, begins, self._ahead_max):
            return True
        is_behind_a_gap = position < self._free_until <= begins
        last = self._frames[-1]
        is_well_ahead = self.is_full() or last.job.id != first.job.id or last.is_last
        return is_idle and is_behind_a_gap and is_well_ahead

    def drop(self, job_id: str) -> None:
        """Forget the job: it has ended elsewhere, and nothing more of it is to be sent."""
        with self._lock:
            self._frames = deque(frame for frame in self._frames if frame.job.id != job_id)
            if self._begun == job_id:
                self._begun = ""
                self._free_until = max(self._free_until, self._ends_at)

    def put_back(self, job_id: str) -> bool:
        """Forget what is there of a job that has not begun; False if it has begun, or nothing is there."""
        with self._lock:
            first = next((frame for frame in self._frames if frame.job.id == job_id), None)
            if first is None or first.number > first.job.frames_aired:
                return False
            self._frames = deque(frame for frame in self._frames if frame.job.id != job_id)
            return True

    def free(self, until: int) -> None:
        """Note that the timeline up to `until` was planned for a job that will not air."""
        with self._lock:
            self._free_until = max(self._free_until, until)
