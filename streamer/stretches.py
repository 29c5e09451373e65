"""When the output counts as black, frozen, or silent although somebody speaks. Pure.

Judged by glances at what viewers get, one every few seconds: a picture made small, and how loud it was.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from avatars.loop import period, there_and_back

BLACK_LUMA = 40
"""Black is 16."""
BLACK_SHARE = 0.9
"""A picture of which more than this is black shows nothing: the label lies over black too."""
SAME_LUMA = 4.0
"""A part of the picture that changes by less stands still: one picture encoded again and again changes the
parts of a small one by 2, and the demo's presenter changes some by 13 to 39 from glance to glance."""
SILENT_LEVEL = 30.0
"""Root mean square, in steps of int16: 60 dB under full scale."""
LOUD_PEAK = 1000
"""A tick whose sound reaches this is speech; quieter ones are not missed."""
LOUD_SHARE = 0.25
"""Of the ticks between two glances; speech has pauses."""
BLACK_GLANCES = 2
FROZEN_GLANCES = 3
"""Two may show the same: on its way there and back a clip comes by the same frame."""
SILENT_GLANCES = 2
DELAY_GLANCES = 1
"""What is sent is seen so many glances later at most."""
KEPT_GLANCES = max(BLACK_GLANCES, FROZEN_GLANCES, SILENT_GLANCES + DELAY_GLANCES)
PLACES = 50
"""So many of a clip's places tell whether it moves."""
LAGS = range(50, 251, 50)
"""Frames from a glance to the next ones: each is at a segment's first frame, and a few may be left out."""

Small = NDArray[np.uint8]
"""A picture's luma, made small, `(rows, columns)`."""


class Trouble(StrEnum):
    """What may be wrong with the output."""

    BLACK = "black"
    FROZEN = "frozen"
    SILENT = "silent_in_speech"

    @property
    def told(self) -> str:
        """As a log tells it."""
        return self.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Glance:
    """One look at the output.

    `level` is its sound's root mean square in steps of int16, `loud_share` the share of speech in what was
    sent since the glance before.
    """

    picture: Small
    level: float
    loud_share: float


@dataclass(frozen=True, slots=True)
class Clip:
    """What a clip is like: one that is dark, or stands still, is not told from an output that fails.

    It `moves` if no glances at it might show it as frozen.
    """

    moves: bool
    is_dark: bool


def troubles(glances: Sequence[Glance], clip: Clip) -> set[Trouble]:
    """Return what is wrong by the last `KEPT_GLANCES`, oldest first."""
    found = set()
    if not clip.is_dark and _is_black(glances[-BLACK_GLANCES:]):
        found.add(Trouble.BLACK)
    elif clip.moves and _is_frozen(glances[-FROZEN_GLANCES:]):
        found.add(Trouble.FROZEN)
    if _is_silent(glances[-SILENT_GLANCES - DELAY_GLANCES :]):
        found.add(Trouble.SILENT)
    return found


def clip_of(frames: int, small: Callable[[int], Small]) -> Clip:
    """Return what a clip is like; `small` returns one of its frames, made small."""
    places = range(0, period(frames), -(-period(frames) // PLACES))
    return Clip(
        moves=all(_looks_alike(at, frames, small) < FROZEN_GLANCES - 1 for at in places),
        is_dark=any(_is_dark(small(there_and_back(at, frames))) for at in places),
    )


def mixed(clips: Sequence[Clip]) -> Clip:
    """Return what an output is like that shows now one clip and now another."""
    return Clip(moves=all(clip.moves for clip in clips), is_dark=any(clip.is_dark for clip in clips))


def differ(one: Small, other: Small) -> bool:
    """Return whether any part of two pictures differs by more than encoding makes it."""
    return bool(np.abs(one.astype(np.float32) - other).max() > SAME_LUMA)


def _looks_alike(at: int, frames: int, small: Callable[[int], Small]) -> int:
    """Return how many of the glances after one at that place may show the same."""
    first = small(there_and_back(at, frames))
    return sum(not differ(first, small(there_and_back(at + lag, frames))) for lag in LAGS)


def _is_black(glances: Sequence[Glance]) -> bool:
    return len(glances) == BLACK_GLANCES and all(_is_dark(glance.picture) for glance in glances)


def _is_dark(picture: Small) -> bool:
    return bool(np.mean(picture < BLACK_LUMA) > BLACK_SHARE)


def _is_frozen(glances: Sequence[Glance]) -> bool:
    return len(glances) == FROZEN_GLANCES and not any(differ(glances[0].picture, g.picture) for g in glances)


def _is_silent(glances: Sequence[Glance]) -> bool:
    was_sent = [glance.loud_share >= LOUD_SHARE for glance in glances]
    is_heard = [glance.level > SILENT_LEVEL for glance in glances[DELAY_GLANCES:]]
    return len(glances) == SILENT_GLANCES + DELAY_GLANCES and all(was_sent) and not any(is_heard)
