"""The lips' lines as a sound wants them, on a resting face. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engines.viseme.face import XI, Face, Floats

# All lengths are parts of the resting mouth's half width.
WIDEST_GAP = 0.64
RAISE = 0.24  # of the gap is made by the upper lip; the jaw makes the rest
SPREAD_RAISE = 0.06  # a spread mouth bares the upper teeth
CORNER_DROP = 0.14  # of the gap
SPREAD_LIFT = 0.04
CHIN_DROP = 0.85  # of what the lower lip moves
WIDER, NARROWER, OPEN_NARROWER = 0.10, 0.20, 0.09
SPREAD_THIN, ROUNDED_THICK, OPEN_THIN = 0.12, 0.16, 0.10

_INSIDE = np.clip(1 - (XI / 0.93) ** 2, 0, 1)  # the lips part a little inside the corners
_ARCH, _ROUND_ARCH, _OUTER_ARCH = _INSIDE**0.65, _INSIDE**0.5, (1 - XI**2) ** 0.6


@dataclass(frozen=True, slots=True)
class Lips:
    """The wanted lips in the mouth plane, in pixels.

    Attributes:
        lines: `(4, 41)`, as `Face.rest`.
        half: half the mouth's width.
        gap: of the inner lips, at its widest.
        jaw: how far the chin is below its place at rest.
    """

    lines: Floats
    half: float
    gap: float
    jaw: float


def shape_lips(face: Face, opening: float, spread: float, rounded: float) -> Lips:
    """Return the lips for one frame's mouth; with `opening` 0 they are closed."""
    gap = WIDEST_GAP * face.half * opening * (1 - 0.1 * spread)
    arch = _ARCH + rounded * (_ROUND_ARCH - _ARCH)
    corner = CORNER_DROP * gap - SPREAD_LIFT * spread * face.half * (1 - arch)
    up = RAISE * gap + SPREAD_RAISE * face.half * spread * min(1.0, 4 * opening)
    down = gap - RAISE * gap
    upper_outer, line, _, lower_outer = face.rest
    thickness = 1 - SPREAD_THIN * spread + ROUNDED_THICK * rounded - OPEN_THIN * opening
    middle = line + corner * (1 - 0.5 * arch)
    lines = (
        middle - up * _OUTER_ARCH + (upper_outer - line) * thickness,
        middle - up * arch,
        middle + down * arch,
        middle + down * _OUTER_ARCH + (lower_outer - line) * thickness,
    )
    width = 1 + WIDER * spread - NARROWER * rounded - OPEN_NARROWER * opening
    return Lips(np.stack(lines), face.half * width, float(up + down), CHIN_DROP * float(down))


def own_gap(face: Face) -> float:
    """Return how far the clip's own mouth is open at its widest, in pixels."""
    return float(max(0.0, (face.own[2] - face.own[1]).max()))


def at_places(xi: NDArray[Any], lines: Floats) -> NDArray[np.float32]:
    """Return lines, `(k, 41)`, at the places `xi`, `(n,)` of -1 to 1."""
    place = (xi + 1) / 2 * (XI.size - 1)
    left = np.minimum(place.astype(int), XI.size - 2)
    part = place - left
    return np.asarray(lines[:, left] * (1 - part) + lines[:, left + 1] * part, np.float32)


def ease(value: NDArray[Any] | float) -> Any:
    """Return 0 below 0, 1 above 1, and a smooth rise between."""
    part = np.minimum(np.maximum(value, 0), 1)
    return part * part * (3 - 2 * part)
