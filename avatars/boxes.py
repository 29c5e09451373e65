"""Where an engine may change each picture: a box of one size that follows the face, and its soft mask."""

import numpy as np
from numpy.typing import NDArray

from latentsync.geometry import crop_corners, soft_mask

Matrices = NDArray[np.float32]


def fit_boxes(matrices: Matrices, width: int, height: int) -> NDArray[np.int32]:
    """Return the box of each frame: the smallest of one even size that holds the crop of every frame.

    Args:
        matrices: `(frames, 2, 3)`, from the picture to the crop.
        width: of the pictures, in pixels, even.
        height: of the pictures, in pixels, even.
    Returns:
        `(frames, 4)`: x, y, width, height; even, inside the picture. Where the crop reaches over the
        picture's edge the box ends there.
    """
    corners = np.stack([crop_corners(matrix.astype(np.float64)) for matrix in matrices])
    first = (np.floor(corners.min(axis=1) / 2) * 2).astype(np.int32)
    last = (np.ceil(corners.max(axis=1) / 2) * 2).astype(np.int32)
    picture = np.array([width, height], np.int32)
    size = np.minimum((last - first).max(axis=0), picture)
    place = np.clip(first, 0, picture - size)
    return np.concatenate([place, np.broadcast_to(size, place.shape)], axis=1, dtype=np.int32)


def draw_mask(matrix: NDArray[np.float32], box: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return a frame's soft mask inside its box, `(height, width)`: 255 where the engine's picture shows."""
    x, y, width, height = (int(number) for number in box)
    share = soft_mask(matrix.astype(np.float64), x, y, width, height)
    return np.asarray(np.rint(share * 255), np.uint8)
