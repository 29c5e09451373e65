"""The fence: what is late, double or out of turn is not written; what was aired is forgotten."""

from dataclasses import replace

import pytest
from redis import Redis

from tests.laid import lay_sound
from tests.wire.test_batches import batch
from wire import connection, keys, scripts, supply
from wire.connection import script
from wire.supply import Fence, RefusedError

FIRST = batch(batch=0, chunk=1, last=False)
SECOND = replace(FIRST, batch=1, last=True)


def numbers(frames: Redis) -> list[int]:
    return [b.batch for b in supply.read(frames, "j", [(1, 0)], 10, 0.01)]


def test_batches_are_read_in_order(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    assert [supply.append(frames, b) for b in (FIRST, SECOND)] == [1, 2]
    assert numbers(frames) == [0, 1]
    assert [b.batch for b in supply.read(frames, "j", [(1, 1)], 10, 0.01)] == [1]


def test_batch_that_is_there_already_is_left_as_it_is(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    supply.append(frames, FIRST)
    assert supply.append(frames, replace(FIRST, attempt=2)) == 1
    assert [b.attempt for b in supply.read(frames, "j", [(1, 0)], 10, 0.01)] == [1]


def test_batch_out_of_turn_is_told_which_one_is_wanted(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    assert supply.append(frames, SECOND) == 0
    assert numbers(frames) == []


def test_nothing_is_written_without_a_fence(frames: Redis) -> None:
    with pytest.raises(RefusedError, match="no fence"):
        supply.append(frames, FIRST)
    assert frames.keys("*") == []


def test_chunk_that_has_aired_is_refused(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 2)
    with pytest.raises(RefusedError, match="aired"):
        supply.append(frames, FIRST)


def test_render_of_another_epoch_is_refused(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 1, 0)
    with pytest.raises(RefusedError, match="epoch"):
        supply.append(frames, FIRST)


def test_parts_that_do_not_fit_are_refused_by_the_server_too(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    names = [keys.fence("j"), keys.frames("j", 1)]
    answer = script(frames, scripts.APPEND, names, "0", "1", "0", "1", "0", "1000", b"{}", b"short", b"")
    assert answer == [b"refused", b"misshapen"]


def test_aired_chunks_are_forgotten_and_cannot_come_back(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    supply.append(frames, FIRST)
    lay_sound(frames, "j", 1)
    supply.advance_fence(frames, "j", 2, 0)
    assert sorted(frames.keys("*")) == [keys.fence("j").encode(), keys.heard("j").encode()]
    with pytest.raises(RefusedError):
        supply.append(frames, FIRST)


def test_forgotten_job_leaves_nothing_and_cannot_be_written(frames: Redis) -> None:
    for job in ("j", "other"):
        supply.raise_fence(frames, job, 0, 0)
    supply.append(frames, FIRST)
    lay_sound(frames, "j", 3)
    supply.forget(frames, "j", range(4))
    assert frames.keys("*") == [keys.fence("other").encode()]
    with pytest.raises(RefusedError, match="no fence"):
        supply.append(frames, SECOND)


def test_every_key_has_an_end_of_life(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    supply.append(frames, FIRST)
    lay_sound(frames, "j", 1)
    assert all(int(frames.pttl(key)) > 0 for key in frames.keys("*"))
    assert len(frames.keys("*")) == 4


def test_fence_is_not_moved_back_within_its_epoch(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 1, 5)
    supply.raise_fence(frames, "j", 1, 3)
    assert supply.first_chunk(frames, "j") == 5
    supply.raise_fence(frames, "j", 2, 3)
    assert supply.first_chunk(frames, "j") == 3
    assert supply.first_chunk(frames, "unknown") == 0


def test_fences_and_frames_of_many_jobs_are_told_at_once(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 3, 1)
    supply.raise_fence(frames, "k", 0, 7)
    supply.append(frames, replace(FIRST, epoch=3))
    frames.xadd(keys.frames("none", 0), {"head": "left behind"})
    told, (used, bound) = supply.look(frames, {"k": [], "none": [0], "j": [0, 1, 2]})
    assert told == {"j": Fence(3, 1, frozenset({1})), "k": Fence(0, 7, frozenset())}
    assert used > 100_000
    assert bound == connection.memory(frames)[1]
    assert supply.look(frames, {})[0] == {}
