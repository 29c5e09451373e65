"""Where each point of the changed face comes from, on the grid of the mouth plane. Pure.

The lips' lines say how far each column of the grid moves at four heights; between them the movement is
blended, above and below it fades. The upper and the lower lip have a field each, since they come apart.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engines.viseme.face import XI, Face, Floats
from workers.engines.viseme.lips import Lips, own_gap
from workers.engines.viseme.plane import Plane, grid_of

# Lengths are parts of the resting mouth's half width.
CORNER_FADE = 1.0  # beyond a corner of the mouth its movement fades over this length
JAW_SIDE = 1.9  # the jaw's movement fades towards its angles
CHIN_BELOW, CHIN_ROOM = 0.4, 0.6  # the least from lip to chin; a chin nearer to the floor moves less
OWN_JAW = 0.7  # of the clip's own gap is made by its jaw
PARTED, WIDE = 0.02, 0.12  # gaps that count as just open, and as open

# At its inner edge a lip of an open mouth shows shadow and teeth: this part of its thickness is left out.
PULL_UPPER, PULL_LOWER, PULL_LEAST = 0.33, 0.23, 0.05


@dataclass(frozen=True, slots=True)
class Warp:
    """Fields on the grid, `(m, n)` float32.

    Attributes:
        whole: `(m, n, 2)`, from a point to where its colour lies in the clip, in pixels of the picture, x
            and y; between the lips it jumps from the upper lip's field to the lower's.
        sides: `(m, n, 4)`, the upper lip's field and the lower lip's.
        lips: `(m, n, 4)`: how far below the upper lip's inner edge a point lies, and how far above the
            lower's, in pixels; 1 where the wanted lips are parted; 1 where they touch and the clip's do not.
    """

    whole: Plane
    sides: Plane
    lips: Plane


@dataclass(frozen=True, slots=True)
class _Columns:
    """What depends on u alone: `target` and `shift`, `(4, n)`, are the lips' lines and how far they came."""

    u: Floats
    target: Floats
    shift: Floats
    along: Floats
    parted: Floats
    unsealed: Floats


def warp_of(face: Face, lips: Lips, floor: Floats) -> Warp:
    """Return the warp that lays `face` on `lips`.

    Args:
        floor: `(n,)` for the grid's u: the v below which nothing may change.
    """
    u, v = grid_of(face.half)
    columns = _columns(face, lips, u)
    along = columns.along * _around(v, columns, face, floor)
    below_upper, above_lower = v - columns.target[1], columns.target[2] - v
    upper = _to_xy(face, along, _upper(v, columns, face))
    lower = _to_xy(face, along, _lower(v, columns, face, lips, floor))
    level = np.ones_like(v)
    return Warp(
        np.where((below_upper > above_lower)[..., None], lower, upper),
        np.concatenate([upper, lower], axis=2),
        _stack(below_upper, above_lower, level * columns.parted, level * columns.unsealed),
    )


def _columns(face: Face, lips: Lips, u: Floats) -> _Columns:
    xi = np.clip(u / lips.half, -1, 1)
    fade = ease(1 - (np.abs(u) - lips.half) / (CORNER_FADE * face.half))
    left, right = face.corners
    along = (left + (xi + 1) / 2 * (right - left) - xi * lips.half) * fade
    target = _at(xi, lips.lines)
    shift = (_at(xi, _pulled(face, lips)) - target) * fade
    parted = ease((target[2] - target[1]) / (PARTED * face.half))
    was_parted = ease(_at(xi, face.own[2] - face.own[1]) / (3 * PARTED * face.half))
    return _Columns(u, target, shift, along, parted, was_parted * (1 - parted))


def _pulled(face: Face, lips: Lips) -> Floats:
    """Return the clip's own lines, the inner ones drawn into the lips where those part or close."""
    outer_upper, upper, lower, outer_lower = np.sort(face.own, axis=0)
    gap = own_gap(face)
    least = PULL_LEAST * face.half * ease(gap / (WIDE * face.half))
    part = ease(max(gap, lips.gap) / (WIDE * face.half))
    upper = upper - np.maximum(part * PULL_UPPER * (upper - outer_upper), least)
    lower = lower + np.maximum(part * PULL_LOWER * (outer_lower - lower), least)
    return np.stack([np.minimum(outer_upper, upper), upper, lower, np.maximum(lower, outer_lower)])


def _around(v: Floats, columns: _Columns, face: Face, floor: Floats) -> Floats:
    """Return how much of the sideways movement is felt at `v`: all at the lips, none far from them."""
    above = (v - face.nose) / (columns.target[0] - face.nose).clip(min=1)
    below = (floor - v) / (floor - columns.target[3]).clip(min=1)
    return np.asarray(ease(np.minimum(above, below)))


def _upper(v: Floats, columns: _Columns, face: Face) -> Floats:
    outer, inner = columns.target[:2]
    top = np.minimum(face.nose, outer - 0.3 * face.half)
    return np.asarray(ease((v - top) / (outer - top)) * _across(v, outer, inner, *columns.shift[:2]))


def _lower(v: Floats, columns: _Columns, face: Face, lips: Lips, floor: Floats) -> Floats:
    inner, outer = columns.target[2:]
    highest = outer + CHIN_BELOW * face.half
    chin = np.interp(columns.u, np.maximum.accumulate(face.jaw[:, 0]), face.jaw[:, 1])
    chin = np.clip(chin, highest, np.maximum(floor - 0.25 * face.half, highest))
    room = ((floor - chin) / (CHIN_ROOM * face.half)).clip(0, 1)
    side = ease(1 - np.abs(columns.u - face.middle) / (JAW_SIDE * face.half))
    at_chin = (OWN_JAW * own_gap(face) - lips.jaw) * room * side
    to_chin = ease((v - outer) / (chin - outer))
    to_floor = ease((floor - v) / (floor - chin).clip(min=1))
    at_lips = _across(v, inner, outer, *columns.shift[2:])
    return np.asarray((at_lips + to_chin * (at_chin - columns.shift[3])) * to_floor)


def _across(v: Floats, first: Floats, second: Floats, at_first: Floats, at_second: Floats) -> Floats:
    part = ((v - first) / (second - first).clip(min=0.5)).clip(0, 1)
    return np.asarray(at_first + part * (at_second - at_first))


def _to_xy(face: Face, along: Floats, down: Floats) -> Plane:
    cos, sin = face.axis
    return _stack(along * cos - down * sin, along * sin + down * cos)


def _stack(*fields: Floats) -> Plane:
    return np.stack(fields, axis=2).astype(np.float32)


def _at(xi: Floats, lines: Floats) -> Floats:
    """Return lines, `(…, 41)`, at the places `xi`, `(n,)`."""
    place = (xi + 1) / 2 * (XI.size - 1)
    left = np.minimum(place.astype(int), XI.size - 2)
    part = place - left
    return np.asarray(lines[..., left] * (1 - part) + lines[..., left + 1] * part)


def ease(value: NDArray[Any] | float) -> Any:
    """Return 0 below 0, 1 above 1, and a smooth rise between."""
    part = np.clip(value, 0, 1)
    return part * part * (3 - 2 * part)
