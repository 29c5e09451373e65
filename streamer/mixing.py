"""Blending of I420 pictures and of sound. Pure, in integers, nothing outside a patch is touched.

Shares are weights of 0 to 256: 0 leaves every pixel as it is, and 256 replaces it, exactly. 255 * 256 + 128
still fits 16 bits, so two bytes a sample do.
"""

from dataclasses import dataclass
from math import cos, pi
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamer.canvas import Canvas, Picture
from wire.batches import Patch

Sound = NDArray[np.int16]

FULL = 256

Curve = Literal["linear", "smooth"]

RAMP_SAMPLES = 120
"""2.5 ms: long enough for no click, too short to swallow a consonant."""
_RISE = np.arange(RAMP_SAMPLES, dtype=np.float32) / RAMP_SAMPLES

_SLICE = 2**16
"""Bytes blended at once in a whole picture: the 16-bit sums stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Fade:
    """How a picture gives way to another: in `frames` steps, equal ones or those of a raised cosine."""

    frames: int
    curve: Curve = "linear"

    def weight(self, level: int) -> int:
        """Return the share of the new picture, all of it from the step `frames` on, as a weight."""
        part = min(1.0, level / self.frames)
        return round(FULL * (part if self.curve == "linear" else (1 - cos(pi * part)) / 2))


def planes(picture: Picture) -> tuple[Picture, Picture, Picture]:
    """Return Y `(h, w)`, U and V `(h / 2, w / 2)` of a contiguous `(h * 3 // 2, w)` picture, as views."""
    rows, width = picture.shape
    height = rows * 2 // 3
    luma, chroma = height * width, height * width // 4
    flat = picture.reshape(-1)
    half = (height // 2, width // 2)
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(half),
        flat[luma + chroma :].reshape(half),
    )


def fits(patch: Patch, width: int, height: int) -> bool:
    """Return whether the patch lies within a picture of that size."""
    inside = patch.x + patch.width <= width and patch.y + patch.height <= height
    return inside and min(patch.x, patch.y) >= 0


def lay(canvas: Canvas, patch: Patch, share: int) -> None:
    """Blend the patch into the picture with the weight `share`.

    A patch that is empty, or reaches over the edge, changes nothing.
    """
    if not (patch.picture.size and share and fits(patch, canvas.width, canvas.height)):
        return
    for plane, content in enumerate(planes(patch.picture)):
        top, left = (patch.y // 2, patch.x // 2) if plane else (patch.y, patch.x)
        rows = canvas.rows(plane, top, top + content.shape[0])
        region = rows[:, left : left + content.shape[1]]
        region[:] = content if share == FULL else _blend(region, content, share)


def cross(old: Picture, new: Picture, share: int) -> Picture:
    """Return a picture that is `new` with the weight `share`, and `old` for the rest."""
    mixed = np.empty_like(new)
    before, after, out = old.reshape(-1), new.reshape(-1), mixed.reshape(-1)
    for start in range(0, len(out), _SLICE):
        part = slice(start, start + _SLICE)
        out[part] = _blend(before[part], after[part], share)
    return mixed


def _blend(old: Picture, new: Picture, share: int) -> Picture:
    mixed = np.multiply(old, FULL - share, dtype=np.uint16)
    mixed += np.multiply(new, share, dtype=np.uint16)
    mixed += FULL // 2
    mixed >>= 8
    return mixed.astype(np.uint8)


def joined(sound: Sound, before: int) -> Sound:
    """Return `sound` joined with no click to a last sample of `before` that it does not continue.

    What was rings out, and the sound rises, within the first `RAMP_SAMPLES`; the rest is left as it is.
    """
    head = sound[:RAMP_SAMPLES]
    if not before and not head.any():
        return sound
    mixed = sound.copy()
    mixed[:RAMP_SAMPLES] = np.rint(before * (1 - _RISE) + head * _RISE).astype(np.int16)
    return mixed
