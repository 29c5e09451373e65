"""The drawing plane: millimetres of the presenter's head, seen on a grid of pixels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT = 1280, 720
PIXELS_PER_MM = 1.62
EYES_AT = (640, 282)  # the point between the eyes, in pixels of the clip

Plane = NDArray[np.float32]  # (height, width), or what broadcasts to it
Points = NDArray[np.float64]  # (n, 2), millimetres: x to the right, y down, (0, 0) between the eyes
Frame = NDArray[np.uint8]  # (HEIGHT, WIDTH, 3), blue first: a picture of the clip
Slices = tuple[slice, slice]


def plane(values: ArrayLike) -> Plane:
    """Return numbers as single precision, which all planes are."""
    return np.asarray(values, np.float32)


@dataclass(frozen=True)
class Canvas:
    """A rectangle of pixels and where the drawing's (0, 0) lies on it."""

    width: int
    height: int
    origin: tuple[float, float]
    scale: float  # pixels a millimetre

    @cached_property
    def x(self) -> Plane:
        """Millimetres from the middle of the face for each column, `(1, width)`."""
        return ((np.arange(self.width, dtype=np.float32) - self.origin[0]) / self.scale)[None, :]

    @cached_property
    def y(self) -> Plane:
        """Millimetres below the eyes for each row, `(height, 1)`."""
        return ((np.arange(self.height, dtype=np.float32) - self.origin[1]) / self.scale)[:, None]

    def pixels(self, points: ArrayLike) -> Points:
        """Return where points given in millimetres lie, in pixels, `(n, 2)`."""
        return np.asarray(points, np.float64) * self.scale + self.origin

    def empty(self) -> Plane:
        """Return zeros, one for each pixel."""
        return np.zeros((self.height, self.width), np.float32)

    def window(self, left: float, top: float, right: float, bottom: float) -> tuple["Canvas", Slices]:
        """Return the part between two corners (millimetres) as a canvas, and where it lies in this one."""
        (x0, y0), (x1, y1) = np.round(self.pixels([(left, top), (right, bottom)])).astype(int)
        x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, self.width), min(y1, self.height)
        part = Canvas(x1 - x0, y1 - y0, (self.origin[0] - x0, self.origin[1] - y0), self.scale)
        return part, (slice(y0, y1), slice(x0, x1))


def whole(detail: int) -> Canvas:
    """Return the clip's whole frame with `detail` pixels of drawing along each pixel of the clip."""
    origin = (EYES_AT[0] * detail, EYES_AT[1] * detail)
    return Canvas(WIDTH * detail, HEIGHT * detail, origin, PIXELS_PER_MM * detail)
