"""What became of each chunk that was handed out. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.metering import spoken
from tests.metering.hearing import correlation
from tests.metering.stream import Stream
from wire.chunks import span
from wire.jobs import Job, State
from wire.media import FPS, SAMPLES_PER_FRAME

PIECE_FRAMES = 5
HEARD = 0.9
"""A piece of sound that was sent correlates with what is received by this much."""


@dataclass(frozen=True, slots=True)
class Account:
    """How many of a job's chunks were handed out, and how each of them ended.

    `aired` were seen whole, with the mouth made for each frame; `replaced` aired with the clip's own mouth;
    `cancelled` are those that their job's record, when it was cut off, had not seen to their end.
    """

    dispatched: int
    aired: int
    replaced: int
    cancelled: int

    @property
    def is_even(self) -> bool:
        ends = (self.aired, self.replaced, self.cancelled)
        return self.dispatched == sum(ends)


def account(job: Job, stream: Stream) -> Account:
    """Return what the job's record and its viewers say of its chunks."""
    absent = set(absent_frames(job, stream))
    whole = [chunk for chunk in range(job.chunks_sent) if not absent & set(span(chunk, job.frames))]
    return Account(
        dispatched=job.chunks_sent,
        aired=len(whole),
        replaced=job.chunks_replaced,
        cancelled=_cut_off(job) if job.state is State.CANCELLED else 0,
    )


def _cut_off(job: Job) -> int:
    """Return how many of the chunks that were handed out the record does not know to have aired whole."""
    return sum(span(chunk, job.frames).stop > job.frames_aired for chunk in range(job.chunks_sent))


def absent_frames(job: Job, stream: Stream) -> list[int]:
    """Return which of the job's frames were never shown with a mouth made for them."""
    return sorted(set(range(job.frames)) - times(job, stream).keys())


def paused_s(job: Job, stream: Stream, since: int = 0) -> float:
    """Return for how long the speech stood still between the frame `since` and its last, in seconds."""
    shown = {frame: at_s for frame, at_s in times(job, stream).items() if frame >= since}
    if not shown:
        return 0.0
    first, last = min(shown), max(shown)
    return shown[last] - shown[first] - (last - first) / FPS


def times(job: Job, stream: Stream) -> Mapping[int, float]:
    """Return when each of the job's frames was first shown."""
    return spoken.first_times(spoken.of_job(job.id, stream.pictures), stream.pictures)


def unheard(job: Job, stream: Stream, sent: NDArray[np.int16]) -> Iterator[range]:
    """Yield the pieces of the absent frames whose sound was not heard either, of `sent`, `(n,)` at 48 kHz."""
    absent = absent_frames(job, stream)
    for start in range(0, len(absent), PIECE_FRAMES):
        piece = range(absent[start], absent[min(start + PIECE_FRAMES, len(absent)) - 1] + 1)
        part = sent[piece.start * SAMPLES_PER_FRAME : piece.stop * SAMPLES_PER_FRAME]
        if len(part) and correlation(stream.sound.samples, part).max() < HEARD:
            yield piece
