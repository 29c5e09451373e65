"""Blending of pictures and sound."""

from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.canvas import Canvas
from streamer.mixing import FULL, RAMP_SAMPLES, Curve, Fade, cross, fits, joined, lay, planes
from wire.batches import Patch
from wire.media import SAMPLES_PER_FRAME

HEIGHT, WIDTH = 36, 64


def picture(
    seed: int, height: int = HEIGHT, width: int = WIDTH
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.random.default_rng(seed).integers(0, 256, (height * 3 // 2, width), np.uint8)


@st.composite
def patches(draw: st.DrawFn) -> Patch:
    width = 2 * draw(st.integers(1, WIDTH // 2))
    height = 2 * draw(st.integers(1, HEIGHT // 2))
    x = 2 * draw(st.integers(0, (WIDTH - width) // 2))
    y = 2 * draw(st.integers(0, (HEIGHT - height) // 2))
    return Patch(x, y, picture(draw(st.integers(0, 99)), height, width))


def test_linear_fade_goes_in_equal_steps() -> None:
    assert [Fade(4).weight(level) for level in range(6)] == [0, 64, 128, 192, FULL, FULL]


def test_smooth_fade_is_slow_at_both_ends_and_even_about_its_middle() -> None:
    weights = [Fade(8, "smooth").weight(level) for level in range(9)]
    steps = np.diff(weights)
    assert weights[4] == FULL // 2
    assert steps.tolist() == steps[::-1].tolist() == [*sorted(steps[:4]), *sorted(steps[4:], reverse=True)]


@pytest.mark.parametrize("curve", get_args(Curve))
@pytest.mark.parametrize("frames", range(1, 26))
def test_fade_begins_with_nothing_rises_with_each_step_and_ends_with_all(curve: Curve, frames: int) -> None:
    weights = [Fade(frames, curve).weight(level) for level in range(frames + 2)]
    assert weights[0] == 0
    assert weights[-2:] == [FULL, FULL]
    assert all(before < after for before, after in pairwise(weights[:-1]))


@given(patches(), st.integers(0, FULL))
def test_patch_is_blended_within_half_a_step_and_changes_nothing_outside(patch: Patch, share: int) -> None:
    before = picture(100)
    canvas = Canvas(before)
    lay(canvas, patch, share)
    after = canvas.whole()
    np.testing.assert_array_equal(before, picture(100))
    for scale, was, is_, new in zip(
        (1, 2, 2), planes(before), planes(after), planes(patch.picture), strict=True
    ):
        rows = slice(patch.y // scale, (patch.y + patch.height) // scale)
        columns = slice(patch.x // scale, (patch.x + patch.width) // scale)
        exact = (
            was[rows, columns].astype(np.float64) * (FULL - share) + new.astype(np.float64) * share
        ) / FULL
        assert np.abs(is_[rows, columns] - exact).max() <= 0.5
        is_[rows, columns] = was[rows, columns]
        np.testing.assert_array_equal(is_, was)


@given(patches())
def test_whole_share_is_the_patch_itself_and_none_is_nothing(patch: Patch) -> None:
    canvas = Canvas(picture(100))
    lay(canvas, patch, 0)
    np.testing.assert_array_equal(canvas.whole(), picture(100))
    lay(canvas, patch, FULL)
    luma = planes(canvas.whole())[0][patch.y : patch.y + patch.height, patch.x : patch.x + patch.width]
    np.testing.assert_array_equal(luma, planes(patch.picture)[0])


@pytest.mark.parametrize("share", [1, 77, 128, 255])
def test_equal_pictures_stay_as_they_are_in_any_blend(share: int) -> None:
    same = picture(3)
    np.testing.assert_array_equal(cross(same, same, share), same)


def test_empty_patch_changes_nothing() -> None:
    canvas = Canvas(picture(1))
    lay(canvas, Patch.empty(), FULL)
    np.testing.assert_array_equal(canvas.whole(), picture(1))


def test_cross_fade_blends_the_whole_picture() -> None:
    old, new = picture(1, 720, 1280), picture(2, 720, 1280)
    mixed = cross(old, new, 64)
    assert np.abs(mixed - (old * 0.75 + new * 0.25)).max() <= 0.5
    np.testing.assert_array_equal(cross(old, new, FULL), new)


def test_patch_reaching_over_the_edge_does_not_fit() -> None:
    patch = Patch(WIDTH - 8, 0, picture(1, 8, 8))
    assert fits(patch, WIDTH, HEIGHT)
    assert not fits(patch, WIDTH - 2, HEIGHT)
    assert not fits(Patch(0, HEIGHT - 6, patch.picture), WIDTH, HEIGHT)
    assert fits(Patch.empty(), WIDTH, HEIGHT)


def tone(level: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.full(SAMPLES_PER_FRAME, level, np.int16)


def steepest(*sounds: np.ndarray[tuple[int], np.dtype[np.int16]]) -> int:
    return int(np.abs(np.diff(np.concatenate(sounds).astype(np.int32))).max())


def test_sound_that_starts_off_zero_rises_without_a_click_and_is_true_soon_after() -> None:
    sound = joined(tone(20_000), 0)
    assert steepest(tone(0), sound) <= 20_000 / RAMP_SAMPLES + 1
    np.testing.assert_array_equal(sound[RAMP_SAMPLES:], tone(20_000)[RAMP_SAMPLES:])


def test_sound_that_ends_off_zero_rings_out_without_a_click() -> None:
    silence = joined(tone(0), -20_000)
    assert steepest(tone(-20_000), silence) <= 20_000 / RAMP_SAMPLES + 1
    assert not silence[RAMP_SAMPLES:].any()


def test_loudest_sounds_join_without_overflow() -> None:
    assert steepest(tone(32_767), joined(tone(-32_768), 32_767)) <= 65_535 / RAMP_SAMPLES + 1


def test_sound_from_silence_to_silence_is_untouched() -> None:
    sound = tone(9)
    sound[:RAMP_SAMPLES] = 0
    assert joined(sound, 0) is sound
