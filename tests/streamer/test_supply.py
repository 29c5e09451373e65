"""Reading jobs ahead of the air, from a real Redis."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread

import pytest
from redis import Redis

from avatars.store import Avatar
from streamer.buffer import BOUND_FRAMES, Buffer, Spoken
from streamer.counters import Counters
from streamer.playout import Supply
from streamer.progress import Progress
from streamer.reading import choose, overtaken
from streamer.supply import Reader
from tests.conftest import free_port
from tests.laid import lay_sound
from tests.streamer.conftest import (
    PATIENCE_S,
    make_batches,
    make_job,
    make_patch,
    make_sound,
    post,
    render,
    sounds_of,
    wait_until,
)
from wire import chunks, connection, jobs, keys, supply
from wire.batches import Batch, Patch
from wire.jobs import Job, Mode, State


class Supplied:
    """A reader at work, and what it laid ready."""

    def __init__(self, broker: Redis, frames: Redis, avatar: Avatar) -> None:
        self.buffer, self.progress, self.counters = Buffer(10**9), Progress(), Counters()
        self._reader = Reader(broker, frames, avatar, "main", self.buffer, self.progress, self.counters)

    @contextmanager
    def running(self) -> Iterator[None]:
        stop = Event()
        thread = Thread(target=self._reader.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE_S)
            assert not thread.is_alive()

    def has(self, job_id: str) -> bool:
        """Return whether frames of the job are there."""
        return any(frame.job.id == job_id for frame in tuple(self.buffer._frames))

    def take(self, count: int) -> list[Spoken]:
        """Return the next `count` frames, waiting for them."""
        taken: list[Spoken] = []
        end = time.monotonic() + PATIENCE_S
        while len(taken) < count:
            _, frame = self.buffer.take(10**6)
            if frame:
                taken.append(frame)
            else:
                assert time.monotonic() < end, f"{len(taken)} of {count} frames came"
                time.sleep(0.005)
        return taken


@pytest.fixture
def supplied(broker: Redis, frames: Redis, avatar: Avatar) -> Iterator[Supplied]:
    supplied = Supplied(broker, frames, avatar)
    with supplied.running():
        yield supplied


def numbers(frames: list[Spoken]) -> list[int]:
    return [frame.number for frame in frames]


def heard(frames: list[Spoken]) -> list[int]:
    return [int(frame.sound[0]) for frame in frames]


def test_first_job_that_has_frames_is_read_and_none_twice() -> None:
    queued = replace(make_job("a"), state=State.PREPARING, frames=-1)
    first, second = make_job("b"), replace(make_job("c"), state=State.ON_AIR)
    assert choose([queued, first, second], set()) is first
    assert choose([queued, first, second], {"b"}) is second
    assert choose([queued, first], {"b"}) is None


def test_jobs_in_hand_are_overtaken_by_one_in_front_of_them_once_it_is_prepared() -> None:
    a, b, c = (make_job(name) for name in "abc")
    assert overtaken([a, b, c], {"a", "b"}) == []
    assert overtaken([a, c, b], {"a", "b"}) == ["b"]
    assert overtaken([c, a, b], {"a", "b"}) == ["a", "b"]
    assert overtaken([a, replace(c, state=State.PREPARING, frames=-1), b], {"a", "b"}) == []


def test_job_is_read_with_the_start_that_was_planned_for_it(
    supplied: Supplied, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[str] = []

    def playlist(client: Redis, channel: str) -> list[str]:
        looks.append(channel)
        return read(client, channel)

    read = jobs.playlist
    monkeypatch.setattr(jobs, "playlist", playlist)
    prepared = make_job("a", frames=8, position=-1)
    post(broker, frames, prepared)
    render(frames, replace(prepared, position=500))
    seen = len(looks)
    wait_until(lambda: len(looks) >= seen + 3)
    broker.hset(keys.job("a"), mapping={"position": 500, "leap": 450})
    assert {(spoken.job.position, spoken.job.leap) for spoken in supplied.take(8)} == {(500, 450)}


def test_frames_come_in_order_with_their_place_patch_and_sound(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=40, position=100)
    post(broker, frames, job)
    render(frames, job, 1, 0)
    taken = supplied.take(40 - 7)
    render(frames, job, 2)
    taken += supplied.take(7)
    assert numbers(taken) == list(range(40))
    assert heard(taken) == sounds_of(range(40))
    assert [frame.position for frame in taken] == list(range(100, 140))
    assert all((frame.patch.picture == make_patch().picture).all() for frame in taken)


def test_next_job_is_read_behind_the_present_one_before_that_has_aired(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    for name in "ab":
        job = make_job(name, frames=10)
        post(broker, frames, job)
        render(frames, job)
    assert [frame.job.id for frame in supplied.take(20)] == ["a"] * 10 + ["b"] * 10


def test_job_that_waits_for_its_frames_gives_way_to_one_before_it(
    supplied: Supplied, broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    early = replace(make_job("a", frames=10), state=State.QUEUED, frames=-1)
    late = make_job("b", frames=10)
    post(broker, frames, early)
    post(broker, frames, late)
    wait_until(lambda: "job b: 10 frames, read from frame 0" in caplog.text)
    assert jobs.move(broker, early, State.PREPARING, 60)
    assert jobs.move(broker, early, State.RENDERING, 60, frames=10)
    render(frames, make_job("a", frames=10))
    assert [frame.job.id for frame in supplied.take(10)] == ["a"] * 10


def test_streamer_started_anew_goes_on_within_a_chunk(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=40, aired=21)
    post(broker, frames, job)
    render(frames, job)
    assert heard(supplied.take(19)) == sounds_of(range(21, 40))


def test_job_that_had_aired_but_was_not_reported_is_finished(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=10, aired=10)
    post(broker, frames, job)
    wait_until(lambda: bool(supplied.progress.untold()))
    (aired,) = supplied.progress.untold()
    assert aired.is_over


def test_reading_ahead_stops_at_the_bound(
    supplied: Supplied, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    def is_full() -> bool:
        looks.append(Buffer.is_full(supplied.buffer))
        return looks[-1]

    monkeypatch.setattr(supplied.buffer, "is_full", is_full)
    job = make_job(frames=300)
    post(broker, frames, job)
    render(frames, job)
    wait_until(lambda: sum(looks) >= 2)  # it came back and still found no room
    buffered = 0
    while supplied.buffer.take(10**6)[0] is Supply.READY:
        buffered += 1
    assert BOUND_FRAMES <= buffered < BOUND_FRAMES + 10


@pytest.mark.parametrize("end", [State.CANCELLED, State.FAILED])
def test_job_that_ended_meanwhile_is_dropped_and_the_next_one_read(
    end: State, supplied: Supplied, broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken, good = make_job("a", frames=40), make_job("b", frames=10)
    post(broker, frames, broken)
    post(broker, frames, good)
    render(frames, broken, 0)
    render(frames, good)
    supplied.take(4)
    assert jobs.move(broker, broken, end, 60)
    wait_until(lambda: "job a is no longer to be sent" in caplog.text)
    assert [frame.job.id for frame in supplied.take(10)] == ["b"] * 10


def test_job_behind_one_that_was_cancelled_unread_does_not_wait_for_its_place(
    supplied: Supplied, broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    on_air, cancelled, waiting = (
        make_job(name, frames=40, position=position) for name, position in (("a", 0), ("b", 40), ("c", 80))
    )
    for job in (on_air, cancelled, waiting):
        post(broker, frames, job)
    render(frames, on_air, 0)
    render(frames, waiting)
    wait_until(lambda: "job a: 40 frames" in caplog.text)
    assert jobs.move(broker, cancelled, State.CANCELLED, 60)
    render(frames, on_air, 1, 2)
    wait_until(lambda: "job c: 40 frames" in caplog.text)
    wait_until(lambda: supplied.buffer.take(0)[1] is not None)
    for _ in range(39):
        supplied.buffer.take(0)
    found: list[Spoken] = []

    def begins() -> bool:
        found.extend(frame for frame in [supplied.buffer.take(41)[1]] if frame)
        return bool(found)

    wait_until(begins)
    assert (found[0].job.id, found[0].number) == ("c", 0)


@pytest.mark.parametrize("rendered", [(0,), ()], ids=["in part", "whole"])
def test_job_that_is_overtaken_before_it_begins_is_read_again_behind_the_other(
    rendered: tuple[int, ...],
    supplied: Supplied,
    broker: Redis,
    frames: Redis,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    on_air, later, sooner = (make_job(name, frames=20) for name in "abc")
    for job in (on_air, later):
        post(broker, frames, job)
    render(frames, on_air)
    render(frames, later, *rendered)
    taken = supplied.take(1)
    assert jobs.move(broker, on_air, State.ON_AIR, 60)
    wait_until(lambda: "job b: 20 frames" in caplog.text)
    wait_until(lambda: supplied.has("b"))
    post(broker, frames, replace(sooner, mode=Mode.NEXT))
    render(frames, sooner)
    wait_until(lambda: "job b: waits for one that was put in front of it" in caplog.text)
    render(frames, later)
    taken += supplied.take(59)
    assert [(frame.job.id, frame.number) for frame in taken] == [(i, n) for i in "acb" for n in range(20)]


def test_job_is_read_from_behind_the_fence_where_the_broker_knows_less(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=40)
    supply.raise_fence(frames, job.id, 0, 1)  # chunk 0 has aired, and is forgotten
    post(broker, frames, job)
    render(frames, job, 1)
    assert supplied.take(1)[0].number == 8


def damaged_by(change: Callable[[Batch], Batch]) -> Callable[[Redis, Job, int], None]:
    """Return a render whose second batch is changed."""

    def render_damaged(frames: Redis, job: Job, chunk: int) -> None:
        for batch in make_batches(job, chunk):
            supply.append(frames, change(batch) if batch.batch == 1 else batch)

    return render_damaged


def test_patches_of_another_avatar_leave_the_clips_own_mouth_and_the_true_sound(
    supplied: Supplied, broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(frames=8)
    post(broker, frames, job)
    for batch in make_batches(job, 0, avatar="another"):
        supply.append(frames, batch)
    taken = supplied.take(8)
    assert heard(taken) == sounds_of(range(8))
    assert all(frame.own_mouth and not frame.patch.picture.size for frame in taken)
    assert supplied.counters.frames_own_mouth == 8
    assert "made for avatar another, on air is avatar" in caplog.text


def test_patch_outside_the_picture_costs_its_own_frames_alone(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=8)
    post(broker, frames, job)
    outside = Patch(60, 30, make_patch().picture)
    damaged_by(lambda batch: replace(batch, patches=(outside,) * len(batch.patches)))(frames, job, 0)
    taken = supplied.take(8)
    assert [frame.own_mouth for frame in taken] == [False] * 5 + [True] * 3
    assert heard(taken) == sounds_of(range(8))


def test_unreadable_batch_leaves_the_rest_of_its_chunk_with_the_true_sound(
    supplied: Supplied, broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(frames=40)
    post(broker, frames, job)
    lay_sound(frames, job.id, 1, make_sound(8, 25))
    render(frames, job, 0, 2)
    supply.append(frames, next(iter(make_batches(job, 1))))
    frames.xadd(keys.frames(job.id, 1), {"head": b"{}", "sound": b"", "patches": b""}, id="2-0")
    taken = supplied.take(40)
    assert [frame.own_mouth for frame in taken] == [False] * 13 + [True] * 20 + [False] * 7
    assert heard(taken) == sounds_of(range(40))
    assert supplied.counters.batches_unusable == 1
    assert "job j chunk 1: unreadable batch" in caplog.text


def test_chunk_that_skips_a_frame_or_ends_early_does_not_stop_the_job(
    supplied: Supplied, broker: Redis, frames: Redis
) -> None:
    job = make_job(frames=40)
    post(broker, frames, job)
    damaged_by(lambda batch: replace(batch, first_frame=batch.first_frame + 1))(frames, job, 0)
    first = next(iter(make_batches(job, 1)))
    supply.append(frames, replace(first, last=True))
    render(frames, job, 2)
    taken = supplied.take(40)
    assert numbers(taken) == list(range(40))
    assert [frame.own_mouth for frame in taken] == [False] * 5 + [True] * 3 + [False] * 5 + [True] * 20 + [
        False
    ] * 7
    assert set(heard(taken[5:8] + taken[13:33])) == {0}  # their sound was nowhere to be had


def test_broker_that_fails_does_not_keep_from_reading_the_job_on(
    broker: Redis, frames: Redis, avatar: Avatar
) -> None:
    client = connection.broker("redis://127.0.0.1:1/0", 0.2)
    dead, client.connection_pool = client.connection_pool, broker.connection_pool
    supplied = Supplied(client, frames, avatar)
    with supplied.running():
        job = make_job(frames=200)
        post(broker, frames, job)
        render(frames, job, 0)
        assert numbers(supplied.take(8)) == list(range(8))
        client.connection_pool = dead
        wait_until(lambda: supplied.counters.reads_failed > 0)
        render(frames, job, *range(1, chunks.count(200)))
        assert numbers(supplied.take(192)) == list(range(8, 200))


def test_redis_that_fails_is_read_again_when_it_is_back(
    broker: Redis, frames: Redis, avatar: Avatar, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)
    pool, working = nobody.connection_pool, broker.connection_pool
    supplied = Supplied(nobody, frames, avatar)
    caplog.set_level(logging.INFO)
    with supplied.running():
        wait_until(lambda: supplied.counters.reads_failed > 1)
        job = make_job(frames=8)
        post(broker, frames, job)
        render(frames, job)
        nobody.connection_pool = working
        assert numbers(supplied.take(8)) == list(range(8))
    nobody.connection_pool = pool
    lines = [record.message for record in caplog.records]
    assert sum("is tried again" in line for line in lines) == 1
    assert sum("works again" in line for line in lines) == 1
