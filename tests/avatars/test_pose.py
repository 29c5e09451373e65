"""The clips of idle and of speech meet where the head is most alike and goes the same way."""

import numpy as np
import pytest
from numpy.typing import NDArray

from avatars.loop import period, there_and_back
from avatars.pose import Poses, nearest
from avatars.store import LANDMARKS_A_FACE

FRAMES = 100
THIRD_S = 8
LIPS = (13, 14, 61, 291, 0, 17)

Landmarks = NDArray[np.float32]


def head(
    place: NDArray[np.float64],
    size: float | NDArray[np.float64] = 1.0,
    tilt: float | NDArray[np.float64] = 0.0,
) -> Landmarks:
    """Return the landmarks of a clip whose head is at `place` pixels to the right, by frame."""
    face = np.random.default_rng(1).uniform(-80, 80, (LANDMARKS_A_FACE, 2)) @ (1, 1j)
    turned = face[None] * np.broadcast_to(size * np.exp(1j * np.asarray(tilt)), place.shape)[:, None]
    points = turned + place[:, None] + 300 + 200j
    return np.asarray(np.stack([points.real, points.imag], axis=-1), np.float32)


def sway(frames: int = FRAMES, turns: float = 1.0, shift: float = 0.0) -> NDArray[np.float64]:
    return np.asarray(30 * np.sin(2 * np.pi * turns * (np.arange(frames) + shift) / frames))


def frames_of(places: NDArray[np.int64], count: int) -> list[int]:
    return [there_and_back(int(place), count) for place in places]


def test_clip_meets_itself_at_each_frame_going_the_same_way() -> None:
    clip = head(np.linspace(0, 60, FRAMES) ** 1.1)
    assert nearest(clip, clip).tolist() == list(range(period(FRAMES)))


def test_clip_that_passes_a_pose_twice_meets_itself_in_the_same_pose() -> None:
    place = sway(turns=3)
    found = frames_of(nearest(head(place), head(place)), FRAMES)
    own = frames_of(np.arange(period(FRAMES)), FRAMES)
    np.testing.assert_allclose(place[found], place[own], atol=1e-3)


@pytest.mark.parametrize("other", [{"size": np.linspace(0.8, 1.2, 60)}, {"tilt": np.linspace(-0.3, 0.3, 60)}])
def test_size_and_tilt_of_the_head_count(other: dict[str, NDArray[np.float64]]) -> None:
    clip = head(np.zeros(60), **other)
    part = clip[20:40]
    assert nearest(part, clip)[5] == 25


def test_heads_that_go_opposite_ways_are_not_joined() -> None:
    idle, talk = sway(), sway(250, turns=2, shift=17)
    found = nearest(head(idle), head(talk))
    for place in range(period(FRAMES)):
        ours, theirs = passed(idle, place), passed(talk, int(found[place]))
        assert ours * theirs > 0 or abs(ours) < 3, place  # where a head turns, either way will do


def passed(place: NDArray[np.float64], start: int) -> float:
    """Return by how many pixels the head has moved on a third of a second after a clip's place."""
    return float(np.subtract(*(place[there_and_back(start + n, len(place))] for n in (THIRD_S, 0))))


def test_direction_counts_less_than_a_pose_that_is_far_off() -> None:
    idle, talk = head(np.linspace(0, 20, 20)), head(np.linspace(520, 120, 100))
    assert frames_of(nearest(idle, talk), 100)[10] > 90


def test_mouth_does_not_count() -> None:
    clip = head(sway())
    speaking = clip.copy()
    speaking[:, LIPS] += np.random.default_rng(2).uniform(-40, 40, (FRAMES, len(LIPS), 2)).astype(np.float32)
    np.testing.assert_array_equal(nearest(clip, speaking), nearest(clip, clip))


def test_picture_meets_a_clip_and_a_clip_a_picture() -> None:
    clip, still = head(np.linspace(-30, 30, 61)), head(np.zeros(1))
    poses = Poses.of(still, clip)
    assert frames_of(poses.to_talk, 61) == pytest.approx([30], abs=8)
    assert poses.to_idle.tolist() == [0] * period(61)


def test_leap_brings_the_talk_clip_from_where_it_is_to_where_it_is_nearest() -> None:
    poses = Poses(to_talk=np.array([3, 5]), to_idle=np.arange(8))
    assert poses.leap(16, 0) == 3
    assert poses.leap(16 + 4, 0) == 7
    assert poses.leap(16 + 5, 3) == 0
    assert poses.idle_at(16 + 6) == 6
