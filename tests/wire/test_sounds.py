"""What was laid ready for a worker is what it gets, whole or not at all."""

import numpy as np
import pytest
from redis import Redis

from tests.laid import lay_sound
from tests.wire.test_full import full, lay_ballast
from wire import keys, sounds
from wire.media import MODEL_SAMPLES_PER_FRAME
from wire.sounds import PIECE_FRAMES, Slices

JOB_FRAMES = 60


def slices(chunk: int, hears: range, *, pieces: range, gone: tuple[int, ...] = ()) -> Slices:
    """Return a chunk of a job in whose sound each sample is its frame's number."""
    job = np.repeat(np.arange(JOB_FRAMES, dtype=np.int16), MODEL_SAMPLES_PER_FRAME)
    each = PIECE_FRAMES * MODEL_SAMPLES_PER_FRAME
    cut = {number: job[number * each : (number + 1) * each] for number in pieces}
    return Slices("j", chunk, np.arange(9, dtype=np.int16), hears, 7, frozenset({0, 24}), cut, gone)


def test_sound_comes_back_as_it_was_laid_ready(frames: Redis) -> None:
    assert sounds.put(frames, [slices(4, range(20, 60), pieces=range(3))]) == 1
    got, air = sounds.get(frames, "j", 4), sounds.get_air(frames, "j", 4)
    assert got is not None
    assert air is not None
    assert air.tolist() == got.air.tolist() == list(range(9))
    assert got.heard[::MODEL_SAMPLES_PER_FRAME].tolist() == list(range(20, 60))
    assert len(got.heard) == 40 * MODEL_SAMPLES_PER_FRAME
    assert (got.lead, got.rests) == (7, frozenset({0, 24}))
    assert sounds.get(frames, "j", 5) is None
    assert sounds.get_air(frames, "j", 5) is None


def test_chunks_share_the_pieces_that_both_hear(frames: Redis) -> None:
    first, second = slices(1, range(43), pieces=range(2)), slices(2, range(23, 60), pieces=range(2, 3))
    assert sounds.put(frames, [first, second]) == 2
    got = sounds.get(frames, "j", 2)
    assert got is not None
    assert got.heard[::MODEL_SAMPLES_PER_FRAME].tolist() == list(range(23, 60))


@pytest.mark.parametrize("lost", range(3))
def test_sound_of_which_a_piece_is_lost_is_none(frames: Redis, lost: int) -> None:
    sounds.put(frames, [slices(1, range(JOB_FRAMES), pieces=range(3))])
    frames.hdel(keys.heard("j"), str(lost))
    assert sounds.get(frames, "j", 1) is None


def test_pieces_that_are_gone_are_forgotten(frames: Redis) -> None:
    sounds.put(frames, [slices(1, range(43), pieces=range(2))])
    sounds.put(frames, [slices(3, range(50, 60), pieces=range(2, 3), gone=(0, 1))])
    assert frames.hkeys(keys.heard("j")) == [b"2"]


def test_full_server_tells_for_how_many_chunks_it_had_room(frames: Redis) -> None:
    lay_sound(frames, "j", 0)
    lay_ballast(frames)
    with full(frames):
        assert sounds.put(frames, [slices(chunk, range(1), pieces=range(1)) for chunk in (1, 2)]) == 0
    assert sounds.put(frames, [slices(chunk, range(1), pieces=range(1)) for chunk in (1, 2)]) == 2
