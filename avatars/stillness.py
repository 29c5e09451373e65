"""Whether the mouth of a clip stands still by itself, so that it can be shown where nobody speaks. Pure."""

import numpy as np
from numpy.typing import NDArray

OPEN_MAX = 0.04
"""Widest gap between the inner lips of a mouth that is shut, in mouth widths. Lips at rest read 0.004 at most
in a drawn clip, 0.06 while a head moves fast; a clip in which someone speaks reads 0.2 in half its frames."""
STRETCH_MAX = 0.1
"""By how much its width may change over the clip, as a share: turns of the head make 0.04, speech 0.33."""

_CORNERS, _INNER_LIPS, _EYES = (61, 291), (13, 14), (33, 263)


def is_still(landmarks: NDArray[np.float32]) -> bool:
    """Say whether the clip's mouth stays shut and keeps its shape.

    Args:
        landmarks: `(frames, 478, 2)` in MediaPipe's order, in pixels.
    """
    width, gap, eyes = (_distance(landmarks, *pair) for pair in (_CORNERS, _INNER_LIPS, _EYES))
    if min(width.min(), eyes.min()) <= 0:
        return False  # no face that could be measured
    shape = width / eyes  # so that a head that comes nearer counts as still
    return bool(np.max(gap / width) <= OPEN_MAX and np.ptp(shape) <= STRETCH_MAX * np.mean(shape))


def _distance(landmarks: NDArray[np.float32], one: int, other: int) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(landmarks[:, one] - landmarks[:, other], axis=1))
