from itertools import pairwise

import pytest

from avatars.loop import period, there_and_back


def test_the_ends_show_once_a_turn() -> None:
    assert [there_and_back(position, 4) for position in range(13)] == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0]


@pytest.mark.parametrize("frames", [1, 2, 3, 250])
def test_every_step_goes_to_a_neighbour_and_the_period_repeats(frames: int) -> None:
    shown = [there_and_back(position, frames) for position in range(-600, 600)]
    assert set(shown) == set(range(frames))
    assert all(abs(b - a) == (frames > 1) for a, b in pairwise(shown))
    assert shown[: -period(frames)] == shown[period(frames) :]


def test_a_single_picture_stands_still() -> None:
    assert period(1) == 1
    assert there_and_back(12345, 1) == 0


def test_a_clip_without_frames_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 frame or more, not 0"):
        there_and_back(3, 0)
