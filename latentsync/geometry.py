"""From a face in a picture to the model's aligned crop, and back. Pure.

The crop is the similarity (turn, size, place) that lays a face's two brows and nose on a fixed template, so
that the mouth stands where the weights expect it whatever the head does. Pictures are `(height, width, 3)`
uint8 in any channel order; points are x, y in pixels; a matrix is `(2, 3)`, from picture to crop.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from latentsync.mask import FACE_PX

Points = NDArray[np.floating[Any]]
Floats = NDArray[np.float64]
Picture = NDArray[np.uint8]

CROP_WIDTH, CROP_HEIGHT = 210, 280

_STAND_INS = """
    162 234 93 58 172 136 149 148 152 377 378 365 397 288 323 454 389 71 63 105 66 107 336 296 334 293 301
    168 197 5 4 75 97 2 326 305 33 160 158 133 153 144 362 385 387 263 373 380 61 39 37 0 267 269 291 405
    314 17 84 181 78 82 13 312 308 317 14 87
"""
MESH_TO_68 = np.array(_STAND_INS.split(), dtype=np.intp)
"""The points of MediaPipe's 478 that stand in for the 68 of the model's own face detector, in their order."""

_LEFT_BROW, _RIGHT_BROW, _NOSE = slice(17, 22), slice(22, 27), slice(27, 36)
_TEMPLATE = 2.8 * np.array([[17.0, 20.0], [58.0, 20.0], [37.5, 40.0]])
_JITTER = 0.3  # of the face's width: the squared distance below which a point is taken to have stood still
_BIAS_NEW = 0.8
_OUTSIDE_GREY = (127, 127, 127)
_SOFT_EDGE = 20  # the soft edge is this part of the pasted area's side


def choose_landmarks(mesh: Points) -> Points:
    """Return the model's landmarks, `(…, 68, 2)`, of MediaPipe's, `(…, 478, 2)`."""
    return mesh[..., MESH_TO_68, :]


def smooth_landmarks(landmarks: Points) -> Floats:
    """Hold each landmark of a clip still while it moves little, and let it go as it moves on.

    Args:
        landmarks: `(frames, 68, 2)` of consecutive frames.
    Returns:
        `(frames, 68, 2)`; the first frame is unchanged, and each later one depends on those before it.
    """
    smoothed = landmarks.astype(np.float64)
    for old, new in pairwise(smoothed):
        moved = np.sum((new - old) ** 2, axis=1, keepdims=True)
        hold = np.exp(-moved / (_JITTER * np.ptp(new[:, 0])))
        new[:] = old * hold + new * (1 - hold)
    return smoothed


def find_anchors(landmarks: Points) -> Floats:
    """Return the middles of left brow, right brow and nose, `(…, 3, 2)`, of `(…, 68, 2)` landmarks."""
    parts = (landmarks[..., part, :].mean(axis=-2) for part in (_LEFT_BROW, _RIGHT_BROW, _NOSE))
    return np.stack(list(parts), axis=-2, dtype=np.float64)


def fit_matrices(anchors: Points) -> Floats:
    """Return the matrix of each frame of a clip, `(frames, 2, 3)`, from its anchors, `(frames, 3, 2)`."""
    matrices = np.empty((len(anchors), 2, 3))
    for matrix, (fit, bias) in zip(matrices, _fits(anchors), strict=True):
        matrix[:] = fit
        matrix[:, 2] += bias
    return matrices


def _fits(anchors: Points) -> Iterator[tuple[Floats, Floats]]:
    smooth_bias: Floats | None = None
    for points in anchors:
        matrix, bias = _fit(points)
        smooth_bias = bias if smooth_bias is None else (1 - _BIAS_NEW) * smooth_bias + _BIAS_NEW * bias
        yield matrix, smooth_bias


def _fit(points: Points) -> tuple[Floats, Floats]:
    """Fit `points` to the template: the similarity, and how far the nose still is from its place.

    The second is in units of the template's spread, taken before turning, and the published model adds it to
    the matrix as if it were pixels. It moves the crop by under a pixel, but the weights saw it so.
    """
    source, source_middle, source_spread = _normalise(points)
    target, target_middle, target_spread = _normalise(_TEMPLATE)
    left, _, right = np.linalg.svd(source.T @ target)
    turn = (left @ right).T * (target_spread / source_spread)
    shift = target_middle - turn @ source_middle
    return np.column_stack([turn, shift]), target[2] - source[2]


def _normalise(points: Points) -> tuple[Floats, Floats, float]:
    middle = points.mean(axis=0)
    spread = float((points - middle).std())
    return (points - middle) / spread, middle, spread


def crop(picture: Picture, matrix: Floats) -> Picture:
    """Cut the aligned face out of a picture: `(280, 210, 3)`, grey where the picture ends."""
    size = (CROP_WIDTH, CROP_HEIGHT)
    cut = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderValue=_OUTSIDE_GREY)
    return np.asarray(cut, np.uint8)


def to_face(cut: Picture) -> Picture:
    """Return the model's square face, `(256, 256, 3)`, of a crop."""
    return np.asarray(cv2.resize(cut, (FACE_PX, FACE_PX), interpolation=cv2.INTER_CUBIC), np.uint8)


def crop_corners(matrix: Floats) -> Floats:
    """Return the crop's corners in the picture, `(4, 2)`: where `paste` can change it at most."""
    corners = np.array([[0, 0], [CROP_WIDTH, 0], [CROP_WIDTH, CROP_HEIGHT], [0, CROP_HEIGHT]], np.float64)
    back = cv2.invertAffineTransform(matrix)
    return np.asarray(corners @ back[:, :2].T + back[:, 2], np.float64)


def soft_mask(matrix: Floats, x: int, y: int, width: int, height: int) -> NDArray[np.float32]:
    """Return the share of the pasted face, 0 to 1, in the window at `x`, `y` of the picture.

    It is 1 over most of the crop and falls to 0 before the crop's edge, so that no seam shows. The window
    must hold as much of the crop as the picture does, for the edge's width follows from the area seen.

    Returns:
        `(height, width)`.
    """
    inner = _eroded_ones(_inverse(matrix, x, y), width, height)
    edge = int(np.sqrt(inner.sum())) // _SOFT_EDGE
    core = cv2.erode(inner, np.ones((2 * edge, 2 * edge), np.uint8)) if edge else inner
    return np.asarray(cv2.GaussianBlur(core, (2 * edge + 1, 2 * edge + 1), 0), np.float32)


def paste(picture: Picture, cut: Picture, matrix: Floats) -> Picture:
    """Return the picture with a crop, `(280, 210, 3)`, laid back over it under the soft mask."""
    height, width = picture.shape[:2]
    back = _inverse(matrix, 0, 0)
    face = cv2.warpAffine(cut, back, (width, height)) * _eroded_ones(back, width, height)[..., None]
    share = soft_mask(matrix, 0, 0, width, height)[..., None]
    return (share * face + (1 - share) * picture).astype(np.uint8)


def _inverse(matrix: Floats, x: int, y: int) -> Floats:
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    back[:, 2] -= (x, y)
    return back


def _eroded_ones(back: Floats, width: int, height: int) -> NDArray[np.float32]:
    ones = cv2.warpAffine(np.ones((CROP_HEIGHT, CROP_WIDTH), np.float32), back, (width, height))
    return np.asarray(cv2.erode(ones, np.ones((2, 2), np.uint8)), np.float32)
