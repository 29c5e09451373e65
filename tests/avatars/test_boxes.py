import numpy as np
import pytest
from numpy.typing import NDArray

from avatars.boxes import draw_mask, fit_boxes
from avatars.store import Avatar
from latentsync.geometry import crop_corners, soft_mask

# MediaPipe's points on the lips' outer edge, the cheeks beside the mouth, and the chin.
LIPS = [0, 13, 14, 17, 37, 39, 40, 61, 84, 91, 146, 181, 185, 267, 269, 270, 291, 314, 321, 375, 405, 409]
CHEEKS, CHIN = [205, 425, 206, 426], 152


def matrix(x: float, y: float, scale: float, turn: float = 0.0) -> NDArray[np.float32]:
    """The matrix of a crop whose middle lies at x, y, at `scale` crop pixels a picture pixel."""
    turned = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.column_stack([turned, np.array([105, 140]) - turned @ (x, y)]).astype(np.float32)


def test_every_box_is_even_of_one_size_and_holds_its_crop() -> None:
    matrices = np.stack([matrix(300 + 3.3 * i, 200 + i, 1.7 - 0.01 * i, 0.02 * i) for i in range(20)])
    boxes = fit_boxes(matrices, 640, 480)
    assert (boxes % 2 == 0).all()
    assert len(np.unique(boxes[:, 2:], axis=0)) == 1
    for one, (x, y, width, height) in zip(matrices, boxes, strict=True):
        corners = crop_corners(one.astype(np.float64))
        assert (corners >= (x, y)).all()
        assert (corners <= (x + width, y + height)).all()


def test_boxes_follow_smoothly() -> None:
    boxes = fit_boxes(np.stack([matrix(300 + 1.5 * i, 200, 1.7) for i in range(20)]), 640, 480)
    assert set(np.diff(boxes[:, 0]).tolist()) <= {0, 2}
    assert set(np.diff(boxes[:, 1]).tolist()) == {0}


@pytest.mark.parametrize(("x", "y"), [(10, 200), (630, 200), (300, 5), (300, 475), (0, 0)])
def test_a_face_at_the_edge_keeps_its_box_inside(x: float, y: float) -> None:
    matrices = np.stack([matrix(x, y, 1.5), matrix(320, 240, 1.5)])
    for one, (left, top, width, height) in zip(matrices, fit_boxes(matrices, 640, 480), strict=True):
        assert 0 <= left <= left + width <= 640
        assert 0 <= top <= top + height <= 480
        whole = soft_mask(one.astype(np.float64), 0, 0, 640, 480)
        inside = whole[top : top + height, left : left + width]
        assert inside.sum() == pytest.approx(whole.sum(), rel=1e-3)


def test_a_face_larger_than_the_picture_gets_all_of_it() -> None:
    (box,) = fit_boxes(matrix(320, 240, 0.2)[None], 640, 480)
    assert box.tolist() == [0, 0, 640, 480]
    assert draw_mask(matrix(320, 240, 0.2), box).min() == 255


def test_a_mask_is_soft_and_ends_inside_its_box() -> None:
    one = matrix(320, 240, 1.0, 0.1)
    (box,) = fit_boxes(one[None], 640, 480)
    mask = draw_mask(one, box)
    assert mask.max() == 255
    assert max(mask[0].max(), mask[-1].max(), mask[:, 0].max(), mask[:, -1].max()) == 0
    assert np.abs(np.diff(mask.astype(int), axis=0)).max() < 60
    assert len(np.unique(mask)) > 100


def test_the_mask_holds_lips_cheeks_and_a_dropped_chin(avatar: Avatar) -> None:
    for points, box, mask in zip(avatar.landmarks, avatar.boxes, avatar.masks, strict=True):
        mouth = np.linalg.norm(points[61] - points[291])
        lowest = points[CHIN] + (0, 0.35 * mouth)  # a wide open mouth
        for x, y in (*points[LIPS], *points[CHEEKS], lowest):
            assert mask[int(y) - box[1], int(x) - box[0]] > 200
