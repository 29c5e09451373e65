"""A chunk's sound is its own, to the sample; the engine also hears what lies around it."""

from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from wire import sounds, uploads
from wire.jobs import Job, State
from workers.slices import cut, resting_chunks

JOB = Job("j", "main", State.RENDERING, 0, frames=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    uploads.air(tmp_path, "j").parent.mkdir()
    np.repeat(np.arange(60, dtype="<i2"), 1920).tofile(uploads.air(tmp_path, "j"))
    np.repeat(np.arange(60, dtype="<i2"), 640).tofile(uploads.heard(tmp_path, "j"))
    return tmp_path


def test_sound_for_the_air_is_the_chunks_own(folder: Path) -> None:
    assert np.array_equal(np.unique(cut(folder, JOB, 1, "viseme").air), np.arange(8, 33))
    assert len(cut(folder, JOB, 1, "viseme").air) == 25 * 1920


def heard(frames: Redis, folder: Path, chunk: int, engine: str) -> tuple[list[int], int]:
    """Return which of the job's frames are heard with a chunk that was laid ready, and how many before it."""
    sounds.put(frames, [cut(folder, JOB, chunk, engine)])
    sound = sounds.get(frames, JOB.id, chunk)
    assert sound is not None
    return sound.heard[::640].tolist(), sound.lead


@pytest.mark.parametrize(
    ("chunk", "around", "lead"), [(0, range(18), 0), (1, range(43), 8), (3, range(48, 60), 10)]
)
def test_engine_hears_what_lies_around_a_chunk(
    frames: Redis, folder: Path, chunk: int, around: range, lead: int
) -> None:
    assert heard(frames, folder, chunk, "viseme") == (list(around), lead)


def test_latentsync_hears_all_of_a_short_job(frames: Redis, folder: Path) -> None:
    assert heard(frames, folder, 1, "latentsync") == (list(range(60)), 8)


def test_what_is_heard_with_two_chunks_is_cut_for_the_first_alone(folder: Path) -> None:
    first = cut(folder, JOB, 0, "latentsync")
    assert list(first.pieces) == [0, 1, 2]
    assert list(cut(folder, JOB, 1, "latentsync", first.pieces).pieces) == []
    assert list(cut(folder, JOB, 1, "latentsync", {0, 2}).pieces) == [1]


def test_pieces_are_gone_that_only_aired_chunks_needed(folder: Path) -> None:
    assert cut(folder, JOB, 3, "viseme", {0, 1, 2}, first=2).gone == []
    assert cut(folder, JOB, 3, "viseme", {0, 1, 2}, first=3).gone == [0]


def note_rests(folder: Path, rests: range) -> None:
    np.isin(np.arange(60), rests).tofile(uploads.rests(folder, "j"))


def test_chunk_is_told_in_which_of_its_frames_the_mouth_rests(folder: Path) -> None:
    note_rests(folder, range(20, 40))
    assert cut(folder, JOB, 0, "viseme").rests == frozenset()
    assert cut(folder, JOB, 1, "viseme").rests == frozenset(range(12, 25))
    assert cut(folder, JOB, 2, "viseme").rests == frozenset(range(7))


def test_only_chunks_that_rest_from_end_to_end_need_no_rendering(folder: Path) -> None:
    note_rests(folder, range(8, 59))  # of 0 to 7, 8 to 32, 33 to 57, 58 and 59
    assert resting_chunks(folder, JOB) == {1, 2}


def test_rests_that_cannot_be_read_are_none(folder: Path) -> None:
    uploads.rests(folder, "j").mkdir()
    assert resting_chunks(folder, JOB) == frozenset()


def test_no_chunk_rests_in_a_job_that_has_no_rests(folder: Path) -> None:
    assert resting_chunks(folder, JOB) == frozenset()
