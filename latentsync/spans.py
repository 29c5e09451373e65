"""In which windows of 30 s a sound is encoded, and from which of them each position is taken. Pure.

The encoder hears 3000 mel frames at once and gives 1500 positions, 50 a second, for them. Near a window's
inner edge it hears only what lies on one side. The published code sets windows end to end, and viewers see
a break every 30 s. Here windows begin every 20 s, and each position comes from the one in which it lies
deepest: 5 s or more from any edge that is not the sound's own.

A part of a long sound needs only the windows that its positions come from (`needed`), and those only their
own stretch of the sound (`heard`); what it then gets is what the whole sound would give it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latentsync.mel import HOP_SAMPLES

Windows = Literal["overlap", "reference"]
"""How the windows lie: overlapping by a third, or end to end as in the published code."""

WINDOW_FRAMES = 3000
FRAMES_A_POSITION = 2
POSITIONS_HZ = 50.0

_WINDOW_POSITIONS = WINDOW_FRAMES // FRAMES_A_POSITION
_HOP_POSITIONS = 1000  # of overlapping windows: 20 s
_BEFORE, _AFTER = 4, 6  # the positions that a video frame takes around its own: 80 ms before, 120 ms after
POSITIONS_A_FRAME = _BEFORE + _AFTER
"""Positions of sound in a video frame's window."""
_EDGE_FRAMES = 2  # a mel frame hears 12.5 ms to either side of its first sample


@dataclass(frozen=True, slots=True)
class Span:
    """One window of a sound, and the positions taken from it.

    Attributes:
        first_frame: the mel frame on which the window begins, even.
        frames: 1 to 3000 mel frames of the sound; zeros stand for what it lacks of 3000.
        first: the first position of the sound that is taken from this window.
        stop: the position after the last one.
    """

    first_frame: int
    frames: int
    first: int
    stop: int

    @property
    def taken(self) -> slice:
        """Which of the window's 1500 positions are taken."""
        start = self.first_frame // FRAMES_A_POSITION
        return slice(self.first - start, self.stop - start)

    @property
    def lead(self) -> int:
        """How many mel frames of the stretch that `heard` gives come before the window."""
        return min(self.first_frame, _EDGE_FRAMES)


def positions_of(mel_frames: int) -> int:
    """Return how many positions a sound of so many mel frames has."""
    return mel_frames // FRAMES_A_POSITION


def cut_spans(mel_frames: int, windows: Windows = "overlap") -> tuple[Span, ...]:
    """Return the windows of a sound in order; together they give each of its positions once.

    Both ways are the same up to 30 s. The last of overlapping windows is laid against the sound's end.

    Raises:
        ValueError: `windows` is neither way.
    """
    positions = positions_of(mel_frames)
    if not positions:
        return ()
    starts = _starts(positions, windows)
    # half way between two windows' inner edges a position lies as deep in one as in the other
    turns = [(left + right + _WINDOW_POSITIONS) // 2 for left, right in pairwise(starts)]
    borders = pairwise([0, *turns, positions])
    return tuple(_span(start, mel_frames, *border) for start, border in zip(starts, borders, strict=True))


def _starts(positions: int, windows: Windows) -> list[int]:
    if windows == "reference":
        return list(range(0, positions, _WINDOW_POSITIONS))
    if windows == "overlap":
        last = max(0, positions - _WINDOW_POSITIONS)
        return [*range(0, last, _HOP_POSITIONS), last]
    raise ValueError(f"windows are 'overlap' or 'reference', not {windows!r}")


def _span(start: int, mel_frames: int, first: int, stop: int) -> Span:
    first_frame = start * FRAMES_A_POSITION
    return Span(first_frame, min(WINDOW_FRAMES, mel_frames - first_frame), first, stop)


def needed(spans: Iterable[Span], first: int, stop: int) -> tuple[Span, ...]:
    """Return those of a sound's spans from which the positions `first` to `stop`, exclusive, are taken."""
    return tuple(span for span in spans if span.first < stop and first < span.stop)


def heard(span: Span, samples: int) -> slice:
    """Return the stretch of a sound of `samples` samples that a span's mel frames hear.

    It begins on a mel frame and has `span.lead` of them before the window's own.
    """
    first = span.first_frame - span.lead
    stop = span.first_frame + span.frames + _EDGE_FRAMES
    return slice(first * HOP_SAMPLES, min(stop * HOP_SAMPLES, samples))


def rows_of(frames: range, positions: int, fps: float = 25.0) -> NDArray[np.intp]:
    """Return the positions that each of some video frames takes from a sound of `positions` positions.

    Returns:
        `(frames, 10)`: from 4 before to 5 after the position at the frame's start; the ends repeat.
    Raises:
        ValueError: the sound has no positions, or `fps` is not positive.
    """
    if positions < 1 or not fps > 0:
        raise ValueError(f"windows asked of {positions} positions at {fps} frames a second")
    centres = [int(frame * POSITIONS_HZ / fps) for frame in frames]
    around = np.arange(-_BEFORE, _AFTER)
    return np.clip(np.array(centres, np.intp)[:, None] + around, 0, positions - 1)
