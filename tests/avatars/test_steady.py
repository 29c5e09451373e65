import numpy as np
from numpy.typing import NDArray

from avatars.steady import bridge, find_gaps, steady

FACE = np.random.default_rng(7).uniform(100, 300, (478, 2)).astype(np.float32)


def test_gaps_are_found_wherever_they_are() -> None:
    there, none = FACE, None
    assert find_gaps([none, there, none, none, there, none]) == [range(1), range(2, 4), range(5, 6)]
    assert find_gaps([there, there]) == []
    assert find_gaps([none, none]) == [range(2)]


def test_a_gap_is_bridged_along_a_line_and_the_ends_hold() -> None:
    bridged = bridge([None, FACE, None, None, None, FACE + 8, None])
    assert [float(moved) for moved in (bridged - FACE).mean(axis=(1, 2)).round(3)] == [0, 0, 2, 4, 6, 8, 8]


def test_a_clip_without_gaps_is_left_as_it_is() -> None:
    clip = [FACE + i * i for i in range(5)]
    assert np.array_equal(bridge(clip), np.stack(clip))


def moving(frames: int, jitter: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A head that sways, nods and shakes by whole pixels, and the same with each point's own jitter."""
    rng = np.random.default_rng(3)
    time = np.arange(frames)[:, None, None]
    turn = 0.1 * np.sin(time[:, 0, 0] / 6)
    turns = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]).transpose(2, 0, 1)
    shake = rng.normal(0, 2, (frames, 1, 2))
    true = (FACE - 200) @ turns + 200 + 20 * np.sin(time / 8) + shake
    return true.astype(np.float32), (true + rng.normal(0, jitter, true.shape)).astype(np.float32)


def test_jitter_is_taken_out_and_the_heads_own_shaking_is_not() -> None:
    true, found = moving(60, jitter=1.0)
    left = steady(found) - true
    assert left.std() < 0.65
    assert np.abs(steady(true) - true).max() < 0.01


def test_smoothing_is_neither_late_nor_early() -> None:
    true, _ = moving(60, jitter=0)
    blink = np.zeros((60, 478, 1), np.float32)
    blink[30:33, 200:210] = 10
    smoothed = (steady(true + blink) - true)[:, 205, 1]
    assert int(smoothed.argmax()) == 31
    assert smoothed[31] > 8.5
    assert np.allclose(smoothed[25:31], smoothed[37:31:-1], atol=0.5)


def test_very_short_clips_pass() -> None:
    for frames in (1, 2, 3, 7):
        true, _ = moving(frames, jitter=0)
        assert np.allclose(steady(true), true, atol=0.5)
