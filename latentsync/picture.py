"""Pictures as video has them, I420 in BT.709's limited range, and as the model has them, RGB.

An I420 picture is `(height * 3 // 2, width)` uint8, height and width even: the luma, then the blue and the
red chroma at half its size. A sample of chroma lies between four of luma.
"""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from latentsync.geometry import Picture

_RED, _GREEN, _BLUE = 0.2126, 0.7152, 0.0722  # their shares of luma in BT.709
_BLACK, _LUMA_STEPS = 16.0, 219.0
_GREY, _CHROMA_STEPS = 128.0, 224.0
_LUMA = _LUMA_STEPS / 255
_BLUE_CHROMA = _CHROMA_STEPS / 255 / (2 * (1 - _BLUE))
_RED_CHROMA = _CHROMA_STEPS / 255 / (2 * (1 - _RED))


def cut(picture: Picture, x: int, y: int, width: int, height: int) -> Picture:
    """Return a rectangle of an I420 picture as an I420 picture of its own; all four numbers are even."""
    part = _chroma(picture)[:, y // 2 : (y + height) // 2, x // 2 : (x + width) // 2]
    return np.concatenate([picture[y : y + height, x : x + width], part.reshape(-1, width)])


def put(patch: Picture, picture: Picture, x: int, y: int) -> None:
    """Write an I420 patch into an I420 picture, its left top corner at `x`, `y`, both even."""
    height, width = patch.shape[0] * 2 // 3, patch.shape[1]
    picture[y : y + height, x : x + width] = patch[:height]
    part = _chroma(picture)[:, y // 2 : (y + height) // 2, x // 2 : (x + width) // 2]
    part[:] = _chroma(patch)


def to_rgb(picture: Picture) -> Picture:
    """Return an I420 picture as RGB, `(height, width, 3)`."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    size = (width, height)
    blue, red = (cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in _chroma(picture))
    return np.asarray(cv2.transform(cv2.merge([picture[:height], blue, red]), _to_rgb()), np.uint8)


def _chroma(picture: Picture) -> Picture:
    """Return a view of both planes of chroma, `(2, height / 2, width / 2)`."""
    height = picture.shape[0] * 2 // 3
    return picture[height:].reshape(2, height // 2, picture.shape[1] // 2)


def _to_rgb() -> NDArray[np.float64]:
    """Return R, G and B as sums of Y, U, V and 1: `(3, 4)`."""
    luma, blue_chroma, red_chroma, one = np.eye(4)
    grey = (luma - _BLACK * one) / _LUMA
    blue = grey + (blue_chroma - _GREY * one) / _BLUE_CHROMA
    red = grey + (red_chroma - _GREY * one) / _RED_CHROMA
    return np.stack([red, (grey - _RED * red - _BLUE * blue) / _GREEN, blue])


def lay(pictures: Tensor, faces: Tensor, shares: Tensor) -> Tensor:
    """Lay RGB over I420 pictures: `shares * faces + (1 - shares) * pictures`, on the pictures' device.

    The two colour systems are sums of each other, so this is the blend in RGB, but what lies outside the
    share keeps its values to the bit.

    Args:
        pictures: `(n, height * 3 // 2, width)` uint8.
        faces: `(n, 3, height, width)`, 0 to 255.
        shares: `(n, height, width)`, 0 to 1.
    Returns:
        `(n, height * 3 // 2, width)` uint8.
    """
    frames, height, width = shares.shape
    luma, chroma = to_yuv(faces)
    share = shares[:, None]
    small = functional.avg_pool2d(share, 2)
    old_luma = pictures[:, None, :height]
    old_chroma = pictures[:, height:].reshape(frames, 2, height // 2, width // 2)
    new_luma = share * luma + (1 - share) * old_luma
    new_chroma = functional.avg_pool2d(share * chroma, 2) + (1 - small) * old_chroma
    planes = torch.cat([new_luma.flatten(1), new_chroma.flatten(1)], dim=1)
    return planes.round().clamp(0, 255).to(torch.uint8).view(pictures.shape)


def to_yuv(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return luma, `(n, 1, height, width)`, and chroma, `(n, 2, height, width)`, of RGB of 0 to 255."""
    red, green, blue = pictures.chunk(3, dim=1)
    grey = _RED * red + _GREEN * green + _BLUE * blue
    chroma = torch.cat([(blue - grey) * _BLUE_CHROMA, (red - grey) * _RED_CHROMA], dim=1)
    return grey * _LUMA + _BLACK, chroma + _GREY
