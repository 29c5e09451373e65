"""The lips at rest, learnt from a clip, and the lips that a sound wants on them."""

import numpy as np
import pytest

from avatars.store import Avatar
from workers.engines.viseme.face import Face, faces_of
from workers.engines.viseme.lips import own_gap, shape_lips


def faces(avatar: Avatar) -> tuple[Face, ...]:
    return faces_of(np.asarray(avatar.landmarks))


def test_lips_at_rest_touch_wherever_the_clip_has_them(person: Avatar) -> None:
    met = faces(person)
    assert max(own_gap(face) / face.half for face in met) > 0.5
    for face in met:
        np.testing.assert_allclose(face.rest[1], face.rest[2])
        assert (face.rest[0] <= face.rest[1] + 1).all()
        assert (face.rest[3] >= face.rest[2] - 1).all()


def test_rest_does_not_move_with_the_clips_own_mouth(person: Avatar) -> None:
    met = faces(person)
    gaps = np.array([own_gap(face) for face in met])
    from_nose = np.array([(face.rest[3, 20] - face.nose) / face.half for face in met])
    own = np.array([(face.own[3, 20] - face.nose) / face.half for face in met])
    assert np.corrcoef(gaps, own)[0, 1] > 0.7
    assert from_nose.std() < 0.5 * own.std()


def test_a_closed_mouth_is_its_own_rest(presenter: Avatar) -> None:
    assert max(face.strayed for face in faces(presenter)) < 0.05


def test_lips_close_open_spread_and_round(presenter: Avatar) -> None:
    face = faces(presenter)[0]
    closed, ajar, wide = (shape_lips(face, opening, 0, 0) for opening in (0, 0.3, 1))
    assert closed.gap == 0
    np.testing.assert_allclose(closed.lines, face.rest)
    assert 0 < ajar.gap < wide.gap
    assert 0 < ajar.jaw < wide.jaw
    spread, rounded = shape_lips(face, 0.3, 1, 0), shape_lips(face, 0.3, 0, 1)
    assert rounded.half < 0.9 * ajar.half < ajar.half < 0.95 * spread.half


def test_landmarks_that_are_no_face_are_refused(presenter: Avatar) -> None:
    landmarks = np.array(presenter.landmarks)
    landmarks[3, 5] = np.nan
    with pytest.raises(ValueError, match="frame 3 are no face"):
        faces_of(landmarks)
