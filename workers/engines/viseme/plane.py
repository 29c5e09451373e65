"""The mouth plane of a face, as a coarse grid and as a window of the picture. Pure.

The change is worked out on the grid, where the lips' lines are functions of u, and then turned into the
picture. The window is the even rectangle of the picture that holds the grid.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from workers.engines.viseme.face import Face, Floats
from workers.engines.viseme.lips import Lips

Plane = NDArray[np.float32]

SIDE, ABOVE, BELOW = 2.2, 1.0, 2.4
"""How far the change may reach from the middle of the mouth, in half widths of the mouth."""

LIPS_MARGIN = 0.25  # in half widths
STEPS = 16  # of the grid, a half width: less than half a resting lip's thickness


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of a picture, in pixels; all even."""

    x: int
    y: int
    width: int
    height: int

    def within(self, left: float, top: float, right: float, bottom: float) -> "Window":
        """Return the smallest even part of the window that holds these edges; its own corner is 0, 0."""
        x0, x1 = (int(np.clip(edge, 0, self.width)) for edge in (np.floor(left), np.ceil(right) + 1))
        y0, y1 = (int(np.clip(edge, 0, self.height)) for edge in (np.floor(top), np.ceil(bottom) + 1))
        x0, y0 = x0 // 2 * 2, y0 // 2 * 2
        return Window(x0, y0, -(-(x1 - x0) // 2) * 2, -(-(y1 - y0) // 2) * 2)

    def at(self, outer: "Window") -> "Window":
        """Return the window counted from where `outer` is counted from, `outer`'s corner being its own."""
        return Window(outer.x + self.x, outer.y + self.y, self.width, self.height)

    def halved(self) -> "Window":
        """Return the window as it lies in a plane of half the size."""
        return Window(self.x // 2, self.y // 2, self.width // 2, self.height // 2)

    @property
    def part(self) -> tuple[slice, slice]:
        """The window as an index of a plane."""
        return np.s_[self.y : self.y + self.height, self.x : self.x + self.width]


def grid_of(half: float) -> tuple[Plane, Plane]:
    """Return the grid's u, `(n,)`, and v, `(m, 1)`, float32, in pixels of the mouth plane."""
    step = np.float32(half / STEPS)
    u = np.arange(-SIDE * STEPS, SIDE * STEPS + 1, dtype=np.float32) * step
    v = np.arange(-ABOVE * STEPS, BELOW * STEPS + 1, dtype=np.float32) * step
    return u, v[:, None]


def to_picture(face: Face, points: Floats) -> Floats:
    """Return the places in the picture, `(n, 2)`, of points of the mouth plane, `(n, 2)`."""
    (cos, sin), (u, v) = face.axis, points.T
    return np.asarray(np.stack([u * cos - v * sin, u * sin + v * cos], axis=1) + face.origin)


def window_of(face: Face, width: int, height: int) -> Window:
    """Return the window, inside a picture of `width` by `height`, that holds the face's grid."""
    corners = to_picture(face, _corners(-SIDE, -ABOVE, SIDE, BELOW) * face.half)
    return Window(0, 0, width, height).within(*corners.min(axis=0), *corners.max(axis=0))


def lips_window(face: Face, window: Window, lips: Lips) -> Window:
    """Return the part of the window, counted from its corner, that holds the lips and what is around them."""
    margin = LIPS_MARGIN * face.half
    top, bottom = lips.lines[0].min() - margin, lips.lines[3].max() + margin
    return _part(face, window, _corners(-lips.half - margin, top, lips.half + margin, bottom))


def inside_window(face: Face, window: Window, lips: Lips) -> Window:
    """Return the part of the window, counted from its corner, that holds all between the lips."""
    top, bottom = lips.lines[1].min() - 1, lips.lines[2].max() + 1
    return _part(face, window, _corners(-lips.half, top, lips.half, bottom))


def _part(face: Face, window: Window, corners: Floats) -> Window:
    places = to_picture(face, corners) - (window.x, window.y)
    return window.within(*places.min(axis=0), *places.max(axis=0))


def _corners(left: float, top: float, right: float, bottom: float) -> Floats:
    return np.array([(u, v) for u in (left, right) for v in (top, bottom)])


def grid_matrix(face: Face, window: Window) -> Floats:
    """Return the `(2, 3)` matrix from the grid's columns and rows to the window's pixels."""
    step = face.half / STEPS
    cos, sin = face.axis * step
    x, y = to_picture(face, np.array([(-SIDE, -ABOVE)]) * face.half)[0] - (window.x, window.y)
    return np.array([[cos, -sin, x], [sin, cos, y]])


def turn_into(face: Face, grid: Plane, window: Window) -> Plane:
    """Return what the grid, `(m, n, up to 4)`, says of each pixel of the window."""
    size = (window.width, window.height)
    turned = cv2.warpAffine(grid, grid_matrix(face, window), size, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.float32)


def places_of(face: Face, window: Window) -> tuple[Plane, Plane]:
    """Return u and v, `(height, width)` float32, of each pixel of the window."""
    cos, sin = (np.float32(part) for part in face.axis)
    x = np.arange(window.x, window.x + window.width, dtype=np.float32) - np.float32(face.origin[0])
    y = np.arange(window.y, window.y + window.height, dtype=np.float32)[:, None] - np.float32(face.origin[1])
    return x * cos + y * sin, y * cos - x * sin
