"""A received stream as the meter judges it: what each picture says, and the sound on one line of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from tests.metering.marks import Seen, look
from tests.metering.recording import Recording
from wire.media import AIR_RATE_HZ

JITTER_S = 0.002
"""FLV's timestamps are whole milliseconds: a piece of sound within this of its place continues the last."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: its timestamp, when it came (monotonic clock), what it says."""

    pts_s: float
    arrival_s: float
    seen: Seen


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound from `start_s` on: `samples` is `(n,)` float32 at 48 kHz in steps of int16, zero in gaps.

    `breaks` are the timestamps at which a piece did not follow the one before, and by how much (s).
    """

    start_s: float
    samples: NDArray[np.float32]
    breaks: tuple[tuple[float, float], ...]

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / AIR_RATE_HZ

    def cut(self, start_s: float, count: int) -> NDArray[np.float32]:
        """Return `(count,)` samples from `start_s` on, zero where there is no sound."""
        first = round((start_s - self.start_s) * AIR_RATE_HZ)
        there = self.samples[max(first, 0) : max(first + count, 0)]
        before = min(max(-first, 0), count)
        return np.pad(there, (before, count - before - len(there)))


@dataclass(frozen=True, slots=True)
class Stream:
    pictures: tuple[Picture, ...]
    sound: Sound


def view(recording: Recording) -> Stream:
    """Decode a recording and read its marks."""
    arrivals = {round(packet.pts_s, 3): packet.arrival_s for packet in recording.video.packets}
    pictures = tuple(
        Picture(pts_s, arrivals[round(pts_s, 3)], look(luma(frame))) for frame, pts_s in recording.pictures()
    )
    return Stream(pictures, join(list(recording.sounds())))


def luma(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the picture's luma, `(height, width)` uint8."""
    plane = frame.planes[0]
    lines = np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)
    return lines[:, : plane.width]


def join(pieces: Sequence[tuple[NDArray[np.float32], float]]) -> Sound:
    """Lay timed pieces of sound on one line: those that follow each other without a seam, others at their
    timestamps."""
    starts = _places(pieces)
    breaks = []
    for (before, after), (piece, _), (_, pts_s) in zip(pairwise(starts), pieces, pieces[1:], strict=False):
        jump_s = after - before - len(piece) / AIR_RATE_HZ
        if abs(jump_s) > JITTER_S / 2:
            breaks.append((pts_s, jump_s))
    samples = _lay(starts, [piece for piece, _ in pieces])
    return Sound(min(starts, default=0.0), samples, tuple(breaks))


def _places(pieces: Sequence[tuple[NDArray[np.float32], float]]) -> list[float]:
    """Where each piece starts: right after the one before, if its timestamp is within `JITTER_S` of that."""
    starts: list[float] = []
    expected = -1.0
    for piece, pts_s in pieces:
        starts.append(expected if abs(pts_s - expected) <= JITTER_S else pts_s)
        expected = starts[-1] + len(piece) / AIR_RATE_HZ
    return starts


def _lay(starts: Sequence[float], pieces: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    if not pieces:
        return np.zeros(0, np.float32)
    origin = min(starts)
    places = [round((start - origin) * AIR_RATE_HZ) for start in starts]
    line = np.zeros(max(at + len(piece) for at, piece in zip(places, pieces, strict=True)), np.float32)
    for at, piece in zip(places, pieces, strict=True):
        line[at : at + len(piece)] = piece
    return line
