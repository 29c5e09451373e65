"""Where each point of the skin around the mouth comes from, on the grid of the mouth plane. Pure.

The lips' outer lines and the chin say how far each column of the grid moves; away from them movement fades.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.engines.viseme.face import Face, Floats
from workers.engines.viseme.lips import Lips, at_places, ease, own_gap
from workers.engines.viseme.plane import Plane, grid_of

# Lengths are parts of the resting mouth's half width.
CORNER_FADE = 1.0  # beyond a corner of the mouth its movement fades over this length
SHADOW = 0.07  # the corners of an open mouth are dark: its skin is taken to begin this far outside
JAW_SIDE = 1.9  # the jaw's movement fades towards its angles
CHIN_BELOW, CHIN_ROOM = 0.4, 0.6  # the least from lip to chin; a chin nearer to the floor moves less
OWN_JAW = 0.7  # of the clip's own gap is made by its jaw


@dataclass(frozen=True, slots=True)
class _Columns:
    """What depends on u alone, `(n,)` each: the wanted outer lines, and how far the clip's are from them.

    `along` is how far to the side the clip's lips are, `up` and `down` how far below the wanted upper and
    lower line.
    """

    u: Plane
    upper: Floats
    lower: Floats
    along: Floats
    up: Floats
    down: Floats


def skin_field(face: Face, lips: Lips, floor: Plane) -> Plane:
    """Return how far each point of the grid is from where its colour lies in the clip.

    Args:
        floor: `(n,)` for the grid's u: the v below which nothing may change.
    Returns:
        `(m, n, 2)`, x and y in pixels of the picture.
    """
    u, v = grid_of(face.half)
    columns = _columns(face, lips, u)
    above = ease((v - face.nose) / (columns.upper - face.nose).clip(min=0.3 * face.half))
    jaw = _jaw(v, columns, face, lips, floor)
    across = ((v - columns.upper) / (columns.lower - columns.upper).clip(min=1)).clip(0, 1)
    down = above * (columns.up + across * (jaw - columns.up))
    below = ease((floor - v) / (floor - columns.lower).clip(min=1))
    along = columns.along * np.minimum(above, below)
    cos, sin = face.axis
    return np.stack([along * cos - down * sin, along * sin + down * cos], axis=2, dtype=np.float32)


def _columns(face: Face, lips: Lips, u: Plane) -> _Columns:
    xi = (u / lips.half).clip(-1, 1)
    fade = ease(1 - (np.abs(u) - lips.half) / (CORNER_FADE * face.half))
    shadow = SHADOW * face.half * ease(own_gap(face) / (0.12 * face.half))
    left, right = face.corners[0] - shadow, face.corners[1] + shadow
    along = (left + (xi + 1) / 2 * (right - left) - xi * lips.half) * fade
    upper, lower = at_places(xi, lips.lines[::3])
    own_upper, own_lower = at_places(xi, face.own[::3])
    return _Columns(u, upper, lower, along, (own_upper - upper) * fade, (own_lower - lower) * fade)


def _jaw(v: Plane, columns: _Columns, face: Face, lips: Lips, floor: Plane) -> Any:
    """Return the movement from the lower lip down: that of the lip, then the chin's, then none."""
    highest = columns.lower + CHIN_BELOW * face.half
    chin = np.interp(columns.u, np.maximum.accumulate(face.jaw[:, 0]), face.jaw[:, 1])
    chin = np.clip(chin, highest, np.maximum(floor - 0.25 * face.half, highest)).astype(np.float32)
    room = ((floor - chin) / (CHIN_ROOM * face.half)).clip(0, 1)
    side = ease(1 - np.abs(columns.u - face.middle) / (JAW_SIDE * face.half))
    at_chin = (OWN_JAW * own_gap(face) - lips.jaw) * room * side
    to_chin = ease((v - columns.lower) / (chin - columns.lower))
    to_floor = ease((floor - v) / (floor - chin).clip(min=1))
    return (columns.down + to_chin * (at_chin - columns.down)) * to_floor
