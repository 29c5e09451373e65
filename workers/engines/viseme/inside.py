"""The mouth's inside, which the clip may never have shown: dark, teeth, a hint of tongue. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

# Lengths are parts of the resting mouth's half width. Teeth are listed from the middle outwards, as wide as
# they look from the front: two incisors, the canine, two behind it.
TEETH = (0.17, 0.135, 0.135, 0.12, 0.12)
EDGE = 0.10  # the incisors end this far below the line of the closed lips
ARCH = 0.13  # the row rises towards the corners
LOWER_EDGE = 0.05  # the lower teeth end this far above the lower lip's edge
SOFT = 0.025

DARK = 0.17  # luma, as part of the skin's
TOOTH, LOWER_TOOTH, TONGUE = 1.1, 0.6, 0.52


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of the mouth's inside as Y, U, V, each `(3,)` float32, limited range."""

    dark: Plane
    tooth: Plane
    lower_tooth: Plane
    tongue: Plane

    @classmethod
    def of(cls, skin: Plane, lip: Plane) -> "Palette":
        """Derive them from the avatar's skin and lips, `(3,)` each."""
        return cls(
            dark=_tint(skin[0] * DARK, lip, 0.45),
            tooth=_tint(min(skin[0] * TOOTH, 215.0), skin, 0.35),
            lower_tooth=_tint(min(skin[0] * LOWER_TOOTH, 150.0), skin, 0.4),
            tongue=_tint(skin[0] * TONGUE, lip, 1.0),
        )


def _tint(luma: Any, colour: Plane, share: float) -> Plane:
    return np.array([16 + max(luma - 16, 0), *(128 + share * (colour[1:] - 128))], np.float32)


def paint(palette: Palette, u: Plane, line: Plane, below_upper: Plane, above_lower: Plane) -> Plane:
    """Return the inside's Y, U and V, `(height, width, 3)`, under no lips yet.

    Args:
        u: of each pixel, from the middle of the mouth, in half widths, as all lengths here.
        line: how far the pixel is below the middle of the resting lips' line.
        below_upper: how far it is below the upper lip's inner edge.
        above_lower: how far above the lower lip's.
    """
    out = np.broadcast_to(palette.dark, (*u.shape, 3)).copy()
    _lay(out, palette.tongue, _tongue(u, above_lower) * 0.75)
    _lay(out, palette.lower_tooth, _lower_teeth(u, above_lower) * 0.45)
    _lay(out, palette.tooth, _upper_teeth(u, line) * _light(u, below_upper, above_lower))
    return out


def _lay(out: Plane, colour: Plane, share: Plane) -> None:
    out += share[..., None] * (colour - out)


def _upper_teeth(u: Plane, line: Plane) -> Plane:
    across = np.abs(u)
    edge = EDGE - ARCH * u * u
    gaps = sum(np.exp(-(((across - at) / 0.014) ** 2)) for at in np.cumsum((0.0, *TEETH[:-1])))
    edge = edge - 0.016 * gaps
    shown = np.clip((edge - line) / SOFT + 0.5, 0, 1)
    return np.asarray(shown * (1 - 0.09 * gaps) * np.clip((sum(TEETH) - across) / 0.1, 0, 1), np.float32)


def _light(u: Plane, below_upper: Plane, above_lower: Plane) -> Plane:
    """Return how much light teeth get: lips hardly parted let little in, cheeks shade those further back."""
    gap = np.clip((below_upper + above_lower) / 0.22, 0, 1)
    side = 1 - 0.75 * np.clip(np.abs(u) / 0.75, 0, 1) ** 2
    return np.asarray(
        side * (0.5 + 0.5 * gap) * (0.62 + 0.38 * np.clip(below_upper / 0.12, 0, 1)), np.float32
    )


def _lower_teeth(u: Plane, above_lower: Plane) -> Plane:
    shown = np.clip((LOWER_EDGE * (1 - 2.2 * u * u) - above_lower) / (2 * SOFT) + 0.5, 0, 1)
    return np.asarray(shown * np.clip((0.5 - np.abs(u)) / 0.2, 0, 1), np.float32)


def _tongue(u: Plane, above_lower: Plane) -> Plane:
    height = 0.30 * (1 - (u / 0.6) ** 2)
    return np.asarray(np.clip((height - above_lower) / 0.16 + 0.3, 0, 1), np.float32)
