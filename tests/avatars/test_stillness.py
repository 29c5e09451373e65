"""A mouth is still that stays shut and keeps its shape, however the head moves."""

import numpy as np
from numpy.typing import NDArray

from avatars.stillness import is_still

FRAMES = 50


def clip(gap: float = 0.0, stretch: float = 0.0) -> NDArray[np.float32]:
    """Return the landmarks of a face that sways and comes nearer; its mouth, 100 px wide, is at worst so."""
    points = np.zeros((FRAMES, 478, 2), np.float32)
    share = np.linspace(0, 1, FRAMES)
    points[:, 33, 0], points[:, 263, 0] = -75, 75
    points[:, 61, 0], points[:, 291, 0] = -50 - 50 * stretch * share, 50 + 50 * stretch * share
    points[:, 14, 1] = 100 * gap * share
    nearer = 1 + share[:, None, None]
    return np.asarray(points * nearer + 40 * np.sin(6 * share)[:, None, None], np.float32)


def test_shut_mouth_on_a_moving_head_is_still() -> None:
    assert is_still(clip(gap=0.02, stretch=0.05))


def test_mouth_that_opens_is_not_still() -> None:
    assert not is_still(clip(gap=0.1))


def test_mouth_that_is_drawn_wide_is_not_still() -> None:
    assert not is_still(clip(stretch=0.2))


def test_clip_with_no_face_to_measure_is_not_still() -> None:
    assert not is_still(np.zeros((FRAMES, 478, 2), np.float32))
