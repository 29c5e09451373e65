"""The model's faces on their way back into the clip's pictures, many at once, on the device.

What `geometry.paste` does with OpenCV, to the bit: OpenCV takes the places that it samples in 32nds of a
pixel, the weights follow from them without rounding, and what it samples is rounded to whole levels.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from latentsync.geometry import CROP_HEIGHT, CROP_WIDTH, Floats

# The crop is sampled from a sheet whose sides are powers of two: then every place that torch counts, from -1
# to 1 over the sheet, is exact in float32.
_SHEET_HEIGHT, _SHEET_WIDTH = 512, 256

_STEPS = 1024  # of a pixel, in which OpenCV adds up a place
_FINE_BITS = 5  # of these are cut off: 32nds are left
_HALF_FINE = 16


def fit_warp(matrix: Floats, x: int, y: int, width: int, height: int) -> tuple[NDArray[np.int32], ...]:
    """Return where in the crop the pixels of a window of the picture lie, as two tables to be added up.

    Args:
        matrix: `(2, 3)`, from the picture to the crop.
        x: left edge of the window in the picture, in pixels.
        y: top edge of the window in the picture, in pixels.
    Returns:
        What the column adds, `(width, 2)`, and what the row adds, `(height, 2)`: x and y in 1024ths of a
        pixel.
    """
    columns, rows = np.arange(x, x + width)[:, None], np.arange(y, y + height)[:, None]
    across = np.rint(matrix[:, 0] * columns * _STEPS)
    down = np.rint((matrix[:, 1] * rows + matrix[:, 2]) * _STEPS) + _HALF_FINE
    return across.astype(np.int32), down.astype(np.int32)


def to_cuts(faces: Tensor) -> Tensor:
    """Return faces at the size of the crop.

    Args:
        faces: `(n, 3, 256, 256)`, -1 to 1; what lies outside is cut off.
    Returns:
        `(n, 3, 280, 210)` float32, whole levels of 0 to 255.
    """
    levels = (faces.float() + 1) * 127.5
    size = (CROP_HEIGHT, CROP_WIDTH)
    cuts = functional.interpolate(
        levels.clamp(0, 255), size, mode="bilinear", antialias=True, align_corners=False
    )
    return _whole(cuts)


def warp(cuts: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """Lay crops as they lie in their windows of the picture.

    Args:
        cuts: `(n, 3, 280, 210)` float32, whole levels of 0 to 255.
        across: `(n, width, 2)` int32, see `fit_warp`.
        down: `(n, height, 2)` int32.
    Returns:
        `(n, 3, height, width)`: black outside the crop, and half way to it in the crop's outermost pixels.
    """
    right, below = _SHEET_WIDTH - CROP_WIDTH, _SHEET_HEIGHT - CROP_HEIGHT
    sheets = functional.pad(torch.cat([cuts, torch.ones_like(cuts[:, :1])], dim=1), (0, right, 0, below))
    laid = functional.grid_sample(sheets, _places(across, down), mode="bilinear", align_corners=False)
    return _whole(laid[:, :3]) * _eroded(laid[:, 3:])


def _places(across: Tensor, down: Tensor) -> Tensor:
    """Return x and y of each pixel as `grid_sample` counts them: `(n, height, width, 2)`."""
    fine = (across[:, None] + down[:, :, None]) >> _FINE_BITS
    x, y = fine.unbind(-1)
    sides = ((x, _SHEET_WIDTH), (y, _SHEET_HEIGHT))
    return torch.stack([place * (1 / (16 * side)) + (1 / side - 1) for place, side in sides], dim=-1)


def _eroded(ones: Tensor) -> Tensor:
    """Return the least of each pixel and those left of it and above, as a 2×2 erosion takes it."""
    return -functional.max_pool2d(-ones, 2, stride=1, padding=1)[..., :-1, :-1]


def _whole(levels: Tensor) -> Tensor:
    return (levels + 0.5).floor()
