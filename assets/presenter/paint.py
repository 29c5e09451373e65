"""Colours, and laying them on a picture through a mask."""

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.presenter.canvas import Canvas, Plane, plane

Colour = NDArray[np.float32]  # (3,) or (height, width, 3): red, green, blue, 0..1
Picture = NDArray[np.float32]  # (height, width, 4): colour times alpha, and alpha


def rgb(hexadecimal: str) -> Colour:
    """Read a colour such as "c8553d"."""
    return np.array([int(hexadecimal[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def clear(canvas: Canvas) -> Picture:
    """Return a picture with nothing on it."""
    return np.zeros((canvas.height, canvas.width, 4), np.float32)


def lay(picture: Picture, mask: Plane, colour: Colour, strength: float = 1.0) -> None:
    """Lay a colour over the picture, in place, as thick as the mask times `strength`."""
    x, y, width, height = cv2.boundingRect((mask > 1e-3).astype(np.uint8))
    at = slice(y, y + height), slice(x, x + width)
    share = np.clip(mask[at] * strength, 0, 1)[..., None]
    tint = colour if colour.ndim == 1 else colour[at]
    part = picture[at]
    part *= 1 - share
    part[..., :3] += share * tint
    part[..., 3:] += share


def lay_picture(picture: Picture, above: Picture) -> None:
    """Lay a whole picture over another, in place."""
    picture *= 1 - above[..., 3:]
    picture += above


def shadow(picture: Picture, mask: Plane, colour: Colour, strength: float) -> None:
    """Darken what is on the picture towards a colour, in place, without adding to its alpha."""
    share = np.clip(mask * strength, 0, 1)[..., None]
    picture[..., :3] *= 1 - share * (1 - colour)


def shaded(colour: Colour, light: ArrayLike) -> Colour:
    """Return one colour under a plane of light, `(height, width, 3)`."""
    return np.asarray(colour * np.asarray(light, np.float32)[..., None], np.float32)


def grain(canvas: Canvas, seed: int, sigma: float) -> Plane:
    """Return even noise of standard deviation 1 and `sigma` pixels of grain."""
    noise = np.random.default_rng(seed).standard_normal((canvas.height, canvas.width), np.float32)
    noise = plane(cv2.GaussianBlur(noise, (0, 0), sigma))
    return plane(noise / noise.std())
