"""The mouth rests where it is silent for long, and nowhere else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from wire.media import SAMPLES_PER_FRAME
from workers.silence import EDGE_FRAMES, resting_frames

LEAST = 15


def sound(*stretches: tuple[int, int]) -> NDArray[np.int16]:
    """Return stretches of `(frames, amplitude)` of a hum."""
    hum = np.sign(np.sin(np.arange(SAMPLES_PER_FRAME) / 20))
    pieces = [np.tile(hum * level, frames) for frames, level in stretches]
    return np.concatenate(pieces, dtype=np.int16, casting="unsafe")


def test_mouth_rests_in_a_long_silence_but_at_its_edges() -> None:
    rests = resting_frames(sound((10, 3000), (30, 0), (5, 3000)), LEAST)
    assert np.array_equal(np.flatnonzero(rests), np.arange(10 + EDGE_FRAMES, 40 - EDGE_FRAMES))


def test_mouth_goes_on_through_a_short_pause() -> None:
    assert not resting_frames(sound((10, 3000), (LEAST - 1, 0), (5, 3000)), LEAST).any()


def test_the_noise_of_a_room_is_silence_and_a_whisper_is_not() -> None:
    assert resting_frames(sound((30, 80)), LEAST).any()
    assert not resting_frames(sound((30, 150)), LEAST).any()


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 3000])), max_size=8), st.integers(1, 40))
def test_no_frame_that_is_heard_or_near_one_rests(stretches: list[tuple[int, int]], least: int) -> None:
    air = sound(*stretches, (1, 0))
    heard = np.abs(air.reshape(-1, SAMPLES_PER_FRAME)).max(axis=1) > 0
    near = np.convolve(heard, np.ones(2 * EDGE_FRAMES + 1))[EDGE_FRAMES:-EDGE_FRAMES] > 0
    assert not (resting_frames(air, least) & near).any()
