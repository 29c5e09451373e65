"""Landmarks of a whole clip: bridge the frames that show no face, and take the jitter out. Pure."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

BRIDGE_FRAMES = 12
"""Longest stretch without a face that is bridged: half a second.

A speaker's head sways about once in two seconds. Over half a second a straight line cuts off less than a
third of such a sway, over a whole second it may cut off all of it.
"""

# Savitzky and Golay's quadratic over seven frames. It takes off 42 % of the jitter, comes neither late nor
# early, and keeps what lasts three frames or more, a blink or a closing of the lips, at nine tenths and over.
_KERNEL = np.array([-2, 3, 6, 7, 6, 3, -2]) / 21

_SHAPE_ROUNDS = 2  # of finding the mean face; a third moves no point by a thousandth of a pixel


def find_gaps(found: Sequence[Points | None]) -> list[range]:
    """Return the stretches of frames without a face."""
    runs = [(missing, list(run)) for missing, run in groupby(range(len(found)), lambda i: found[i] is None)]
    return [range(run[0], run[-1] + 1) for missing, run in runs if missing]


def bridge(found: Sequence[Points | None]) -> Points:
    """Fill the gaps along straight lines from the face before to the face after; at the ends, hold.

    Args:
        found: one `(478, 2)` for each frame, or None; at least one is there.
    Returns:
        `(frames, 478, 2)`.
    """
    there = [i for i, points in enumerate(found) if points is not None]
    known = np.stack([points for points in found if points is not None])
    frames = np.arange(len(found))
    after = np.searchsorted(there, frames).clip(0, len(there) - 1)
    before = (np.searchsorted(there, frames) - 1).clip(0)
    span = np.maximum(np.take(there, after) - np.take(there, before), 1)
    share = ((frames - np.take(there, before)) / span).clip(0, 1)[:, None, None]
    return np.asarray(known[before] * (1 - share) + known[after] * share, np.float32)


def steady(landmarks: Points) -> Points:
    """Take the jitter out of a face's shape, and leave the head's own movement as it is.

    A head's place, turn and size are read off 478 points at once, so they hardly jitter; each point of the
    shape does. Measured against optical flow, filtering the shape alone brought the points' speed nearer to
    the picture's in every clip tried (by 7 to 17 %), while filtering the points where they stand took real
    shaking out of the head, and was up to a third worse than no filter.

    Args:
        landmarks: `(frames, 478, 2)` of consecutive frames.
    Returns:
        The same, smoothed.
    """
    points = landmarks[..., 0] + 1j * landmarks[..., 1]
    middles = points.mean(axis=1, keepdims=True)
    turns = _turns(points - middles)
    smoothed = middles + turns * _filtered((points - middles) / turns)
    return np.asarray(np.stack([smoothed.real, smoothed.imag], axis=-1), np.float32)


def _turns(shapes: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Return the turn and size of each frame's face against the mean face: `(frames, 1)`."""
    mean = shapes[0]
    for _ in range(_SHAPE_ROUNDS):
        turns = (shapes @ mean.conj() / np.vdot(mean, mean))[:, None]
        mean = (shapes / turns).mean(axis=0)
    return np.asarray(turns, np.complex128)


def _filtered(shapes: NDArray[np.complex128]) -> NDArray[np.complex128]:
    # Mirrored at the ends, for that is how the clip goes on: it is played there and back.
    side = len(_KERNEL) // 2
    longer = np.pad(shapes, ((side, side), (0, 0)), mode="reflect")
    pieces = [weight * longer[i : i + len(shapes)] for i, weight in enumerate(_KERNEL)]
    return np.asarray(sum(pieces), np.complex128)
