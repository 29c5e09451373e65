"""What an engine gives is checked; batches reach the stream in order, whatever was there."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Timer
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.wire.test_full import full, lay_ballast
from wire import supply
from wire.batches import Patch
from wire.jobs import Job, State
from wire.media import SAMPLES_PER_FRAME
from wire.supply import RefusedError
from workers.publishing import Publication, WrongRenderError, checked, publish, resting, to_batches

JOB = Job("j", "main", State.RENDERING, 0, frames=40, position=100, avatar="hash", avatar_frames=50)
AVATAR: Any = SimpleNamespace(width=64, height=48)


def patch(x: int = 0) -> Patch:
    return Patch(x, 0, np.full((12, 8), 7, np.uint8))


def sound(frames: int) -> NDArray[np.int16]:
    return np.arange(frames * SAMPLES_PER_FRAME).astype(np.int16)


def batches(patches: Iterator[Patch], chunk: int = 0) -> Iterator[Any]:
    return to_batches(JOB, chunk, 1, sound(25), patches)


def test_batches_hold_each_frame_once_with_its_sound_and_place() -> None:
    made = list(batches(iter([patch()] * 8)))
    assert [len(b.patches) for b in made] == [5, 3]
    assert [b.first_frame for b in made] == [0, 5]
    assert [b.position for b in made] == [100, 105]
    assert [b.last for b in made] == [False, True]
    assert np.array_equal(made[1].sound, sound(8)[5 * SAMPLES_PER_FRAME :])


def test_last_chunk_holds_only_what_is_left() -> None:
    assert sum(len(b.patches) for b in batches(iter([patch()] * 7), chunk=2)) == 7


@pytest.mark.parametrize("count", [0, 7, 9])
def test_wrong_number_of_frames_is_refused(count: int) -> None:
    with pytest.raises(WrongRenderError, match="of 8"):
        list(batches(checked([patch()] * count, AVATAR, 8)))


def test_nothing_is_laid_over_a_mouth_that_rests() -> None:
    shown = [bool(p.picture.size) for p in resting([patch()] * 5, {1, 2})]
    assert shown == [True, False, False, True, True]


def test_patch_outside_the_picture_is_refused() -> None:
    assert list(checked([patch(56)], AVATAR, 1))
    with pytest.raises(WrongRenderError, match="66"):
        list(checked([patch(58)], AVATAR, 1))


def test_first_batch_is_published_before_the_last_is_rendered(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)

    def slow() -> Iterator[Patch]:
        for n in range(8):
            seen.append(len(supply.read(frames, "j", [(0, 0)], 10, 0.01)) if n == 7 else 0)
            yield patch()

    seen: list[int] = []
    publish(frames, batches(slow()))
    assert seen[-1] == 1


def test_second_render_of_a_chunk_goes_on_where_the_first_broke_off(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    publish(frames, list(batches(iter([patch()] * 8)))[:1])
    publish(frames, (replace(b, attempt=2) for b in batches(iter([patch()] * 8))))
    assert [b.attempt for b in supply.read(frames, "j", [(0, 0)], 10, 0.01)] == [1, 2]


def test_batches_that_the_server_lost_are_written_again(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)

    def wiped() -> Iterator[Any]:
        for batch in batches(iter([patch()] * 25), chunk=1):
            if batch.batch == 3:
                frames.delete("frames:j:1")
            yield batch

    publish(frames, wiped())
    assert [b.batch for b in supply.read(frames, "j", [(1, 0)], 10, 0.01)] == [0, 1, 2, 3, 4]


def test_batch_waits_for_room_on_a_full_server(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    lay_ballast(frames)
    publication = Publication(frames, room_wait_s=20)
    with full(frames):
        airs = Timer(0.3, frames.delete, ("ballast",))
        airs.start()
        for batch in batches(iter([patch()] * 8)):
            publication.write(batch)
    airs.join()
    assert publication.error is None
    assert [b.batch for b in supply.read(frames, "j", [(0, 0)], 10, 0.01)] == [0, 1]


def test_batch_waits_for_room_no_longer_than_it_may(frames: Redis) -> None:
    supply.raise_fence(frames, "j", 0, 0)
    lay_ballast(frames)
    publication = Publication(frames, room_wait_s=0.2)
    with full(frames):
        publication.write(next(batches(iter([patch()] * 8))))
    with pytest.raises(OutOfMemoryError):
        publication.check()


def test_nothing_is_written_after_a_batch_that_was_refused(frames: Redis) -> None:
    publication = Publication(frames)
    first, second = batches(iter([patch()] * 8))
    publication.write(first)
    supply.raise_fence(frames, "j", 0, 0)
    publication.write(second)
    assert not supply.read(frames, "j", [(0, 0)], 10, 0.01)
    with pytest.raises(RefusedError, match="no fence"):
        publication.check()
