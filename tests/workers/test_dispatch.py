"""Dispatch passes on real Redis: what is handed out, when, and what happens to what got lost."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from redis import Redis

from avatars.pose import Poses
from settings import Settings
from tests.bells import taken
from wire import channels, chunks, jobs, keys, sounds, supply, tallies, turns, uploads, workers
from wire.batches import Patch
from wire.channels import Channel
from wire.chunks import Row, Stage
from wire.jobs import Job, Mode, State
from wire.media import FPS
from wire.sounds import Slices
from wire.tallies import Tally
from wire.turns import Command
from wire.workers import Worker
from workers import dispatch, housekeeping, starts, stores, timers, views
from workers.absence import Absence
from workers.leases import lease_ms
from workers.messages import message
from workers.publishing import publish, to_batches
from workers.starts import Meeting

Rings = list[tuple[str, str, int, int]]
"""What render workers were told: queue, job, chunk, attempt."""

WORKER = Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 100.0)
JOB = Job("j", "main", State.RENDERING, 0, frames=100, avatar="hash", avatar_frames=50, engine="viseme")


@pytest.fixture
def rung(broker: Redis, frames: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rings:
    """A channel at position 1000, a worker and a prepared job; collects what render workers are told, pass
    by pass.

    The clock of passes stands still: nothing airs, and nobody's lease ends, however slowly a test runs.
    """
    told: Rings = []
    values = Settings(uploads_folder=tmp_path)
    monkeypatch.setattr(dispatch, "_absence", Absence())
    monkeypatch.setattr(stores, "broker", lambda: broker)
    monkeypatch.setattr(stores, "frames", lambda: frames)
    monkeypatch.setattr(dispatch, "settings", lambda: values)
    channels.report(broker, Channel("main", "hash", 50, 1280, 720, 1000))
    channel = channels.load(broker, "main")
    assert channel is not None
    look = turns.look
    monkeypatch.setattr(turns, "look", lambda *asked: replace(look(*asked), now_ms=channel.at_ms))
    commit = turns.commit

    def commit_and_take(client: Redis, turn: str, commands: Sequence[Command]) -> bool:
        is_committed = commit(client, turn, commands)
        queues = dict.fromkeys(command[1] for command in commands if command[0] == "LPUSH")
        told.extend((queue, *args) for queue in queues for args in taken(client, queue))
        return is_committed

    monkeypatch.setattr(turns, "commit", commit_and_take)
    bring_to_life(broker, WORKER)
    post(broker, tmp_path, JOB)
    return told


def bring_to_life(broker: Redis, worker: Worker) -> None:
    """Let the worker's heart beat once, and the beat be heard for ever."""
    workers.beat(broker, worker, worker.name)
    broker.persist(keys.worker(worker.name))


def post(broker: Redis, folder: Path, job: Job) -> None:
    jobs.admit(broker, job, 9)
    uploads.air(folder, job.id).parent.mkdir(exist_ok=True)
    np.zeros(job.frames * 1920, "<i2").tofile(uploads.air(folder, job.id))
    np.zeros(job.frames * 640, "<i2").tofile(uploads.heard(folder, job.id))


def finish_all(broker: Redis, frames: Redis) -> None:
    """Let the workers have done all that they were told."""
    for job_id in jobs.playlist(broker, "main"):
        for chunk, row in chunks.table(broker, job_id).items():
            if row.stage is Stage.SENT:
                chunks.change(broker, job_id, chunk, replace(row, stage=Stage.DONE), Stage.SENT)
                frames.xadd(keys.frames(job_id, chunk), {"head": "made"}, id="1-0")


def publish_rendered(frames: Redis, chunk: int, attempt: int) -> None:
    """Publish a chunk with mouths, as the worker of that attempt does."""
    sound, mouth = sounds.get_air(frames, "j", chunk), Patch(0, 0, np.zeros((3, 2), np.uint8))
    assert sound is not None
    mouths = repeat(mouth, len(chunks.span(chunk, JOB.frames)))
    publish(frames, to_batches(JOB, chunk, attempt, sound, mouths))


def now(broker: Redis) -> Job:
    job = jobs.load(broker, "j")
    assert job is not None
    return job


def test_prepared_job_is_handed_out_with_its_sound_and_a_start(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    dispatch.run_pass()
    assert rung == [("gpu.h.0", "j", 0, 1), ("gpu.h.0", "j", 1, 1)]
    assert now(broker).chunks_sent == 2
    assert 1000 < now(broker).position < 1025
    assert sounds.get(frames, "j", 1) is not None
    assert frames.exists(keys.fence("j"))


def test_worker_is_told_in_the_step_that_writes_down_what_it_is_told(
    rung: Rings, broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = turns.commit

    def commit_unheard(*decided: Any) -> bool:
        commit(*decided)
        raise TimeoutError("the broker's answer got lost")

    with monkeypatch.context() as unheard:
        unheard.setattr(turns, "commit", commit_unheard)
        with pytest.raises(TimeoutError):
            dispatch.run_pass()
    assert [(chunk, attempt) for _, _, chunk, attempt in rung] == [(0, 1), (1, 1)]
    dispatch.run_pass()
    assert sorted(chunks.table(broker, "j")) == [0, 1]
    assert len(rung) == 2


def test_queue_of_a_worker_that_takes_nothing_is_bounded_and_keeps_the_newest(
    rung: Rings, broker: Redis
) -> None:
    old = message("gpu.h.0", "workers.render", ("old", 0, 1), "old.0.1")
    broker.lpush("gpu.h.0", *repeat(old, 20))
    dispatch.run_pass()
    assert len(rung) == dispatch.BELLS_MAX
    assert rung[-2:] == [("gpu.h.0", "j", 0, 1), ("gpu.h.0", "j", 1, 1)]


def test_each_chunk_that_is_handed_out_has_what_its_engine_hears_after_a_wipe_too(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    for is_wiped in (False, True):
        for _ in range(chunks.count(JOB.frames)):
            known = len(rung)
            dispatch.run_pass()
            assert all(sounds.get(frames, "j", chunk) is not None for _, _, chunk, _ in rung[known:])
            finish_all(broker, frames)
        assert {chunk for _, _, chunk, attempt in rung if attempt == 1 + is_wiped} == {0, 1, 2, 3, 4}
        frames.flushdb()


def test_second_pass_hands_nothing_out_twice(rung: Rings, broker: Redis) -> None:
    dispatch.run_pass()
    first = now(broker)
    dispatch.run_pass()
    assert len(rung) == 2
    assert now(broker) == first


def test_finished_chunk_makes_room_for_the_next(rung: Rings, broker: Redis, frames: Redis) -> None:
    dispatch.run_pass()
    chunks.change(broker, "j", 0, Row(Stage.DONE, 1, "gpu.h.0", 0), Stage.SENT)
    frames.xadd(keys.frames("j", 0), {"head": "made"}, id="1-0")
    dispatch.run_pass()
    assert rung[2:] == [("gpu.h.0", "j", 2, 1)]


def test_chunk_of_a_dead_worker_goes_to_a_living_one(rung: Rings, broker: Redis) -> None:
    dispatch.run_pass()
    workers.leave(broker, "gpu.h.0", "gpu.h.0")
    bring_to_life(broker, replace(WORKER, name="gpu.h.1", queue="gpu.h.1"))
    dispatch.run_pass()
    assert rung[2:] == [("gpu.h.1", "j", 0, 2), ("gpu.h.1", "j", 1, 2)]


def test_chunk_that_always_breaks_is_replaced_and_the_job_says_so(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    dispatch.run_pass()
    for _ in range(3):
        row = replace(chunks.table(broker, "j")[0], stage=Stage.BROKEN, reason="out of memory")
        chunks.change(broker, "j", 0, row, Stage.SENT)
        dispatch.run_pass()
    assert [attempt for _, _, chunk, attempt in rung if chunk == 0] == [1, 2, 3]
    still = [patch for b in supply.read(frames, "j", [(0, 0)], 9, 0.01) for patch in b.patches]
    assert [patch.picture.size for patch in still] == [0] * 8
    assert (now(broker).degraded, now(broker).chunks_replaced) == (True, 1)
    assert "out of memory" in now(broker).warning
    assert (tallies.read(broker)[Tally.RETRIED], tallies.read(broker)[Tally.REPLACED]) == (2, 1)


def test_silent_chunk_airs_with_the_clips_own_mouth_and_nobody_renders_it(
    rung: Rings, broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    np.isin(np.arange(JOB.frames), range(8, 33)).tofile(uploads.rests(tmp_path, "j"))
    dispatch.run_pass()
    assert [chunk for _, _, chunk, _ in rung] == [0, 2]
    still = [patch for b in supply.read(frames, "j", [(1, 0)], 9, 0.01) for patch in b.patches]
    assert [patch.picture.size for patch in still] == [0] * 25
    assert chunks.table(broker, "j")[1].stage is Stage.DONE
    assert (now(broker).degraded, now(broker).chunks_replaced, now(broker).warning) == (False, 0, "")
    assert tallies.read(broker)[Tally.REPLACED] == 0


def test_chunk_that_came_whole_after_all_counts_as_no_replacement(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    dispatch.run_pass()
    publish_rendered(frames, chunk=0, attempt=1)
    row = replace(chunks.table(broker, "j")[0], stage=Stage.BROKEN, reason="overdue", tried=("a", "b"))
    chunks.change(broker, "j", 0, row, Stage.SENT)
    dispatch.run_pass()
    assert chunks.table(broker, "j")[0].stage is Stage.DONE
    assert (now(broker).degraded, now(broker).chunks_replaced, now(broker).warning) == (False, 0, "")
    assert tallies.read(broker)[Tally.REPLACED] == 0
    assert [message for message in rung if message[2] == 0] == [("gpu.h.0", "j", 0, 1)]


def test_wiped_frames_server_is_fenced_anew_under_another_epoch(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    dispatch.run_pass()
    chunks.change(broker, "j", 0, Row(Stage.DONE, 1, "gpu.h.0", 0), Stage.SENT)
    frames.flushdb()
    dispatch.run_pass()
    assert ("gpu.h.0", "j", 0, 2) in rung
    assert frames.hget(keys.fence("j"), "epoch") == b"1"
    assert now(broker).epoch == 1


def test_all_that_a_wiped_frames_server_held_is_done_again(rung: Rings, broker: Redis, frames: Redis) -> None:
    for _ in range(4):
        dispatch.run_pass()
        finish_all(broker, frames)
    lost = sorted(chunks.table(broker, "j"))
    assert len(lost) == 5
    frames.flushdb()
    rung.clear()
    for _ in range(4):
        dispatch.run_pass()
        finish_all(broker, frames)
    assert sorted(chunk for _, _, chunk, _ in rung) == lost


def test_fence_of_another_epoch_counts_as_none(rung: Rings, broker: Redis, frames: Redis) -> None:
    dispatch.run_pass()
    supply.raise_fence(frames, "j", 7, 0)  # as a pass leaves it that ends before it commits
    chunks.change(broker, "j", 0, Row(Stage.BROKEN, 1, "gpu.h.0", 0, "refused"), Stage.SENT)
    dispatch.run_pass()
    assert len(rung) == 3
    assert frames.hget(keys.fence("j"), "epoch") == str(now(broker).epoch).encode()


def test_job_whose_sound_is_gone_fails_and_stops_no_other(rung: Rings, broker: Redis, tmp_path: Path) -> None:
    post(broker, tmp_path, replace(JOB, id="k"))
    uploads.air(tmp_path, "j").unlink()
    dispatch.run_pass()
    dispatch.run_pass()
    assert now(broker).state is State.FAILED
    assert "sound cannot be read" in now(broker).error
    assert ("gpu.h.0", "k", 0, 1) in rung


@pytest.mark.parametrize(("engine", "times"), [("latentsync", 103 / 23), ("viseme", 1.0)])
def test_wish_for_more_work_begins_a_job_later_and_leases_it_longer_where_the_engine_heeds_it(
    engine: str, times: float, rung: Rings, broker: Redis
) -> None:
    bring_to_life(broker, replace(WORKER, engine=engine, speed=200.0))
    broker.hset(
        keys.job("j"),
        mapping={"engine": engine, "inference_steps": 50, "guidance_scale": 1.5, "frames": 8},
    )
    dispatch.run_pass()
    assert rung == [("gpu.h.0", "j", 0, 1)]
    assert now(broker).position == starts.plan(1000, times * 8 / 200)
    channel = channels.load(broker, "main")
    assert channel is not None
    assert chunks.table(broker, "j")[0].deadline_ms == channel.at_ms + lease_ms(times * 8, 200)


def test_job_that_takes_far_longer_than_it_lasts_begins_within_the_window(rung: Rings, broker: Redis) -> None:
    bring_to_life(broker, replace(WORKER, speed=1.0))
    broker.hset(keys.job("j"), "frames", 1000)
    dispatch.run_pass()
    assert rung
    assert now(broker).position < 1000 + Settings().window_s * FPS


def test_job_is_pinned_to_the_engine_with_most_frames_a_second(rung: Rings, broker: Redis) -> None:
    broker.hset(keys.job("j"), "engine", "")
    for n in (1, 2):
        queue = f"gpu.h.{n}"
        bring_to_life(broker, Worker(queue, "render", queue, "cuda", "latentsync", 60.0))
    dispatch.run_pass()
    assert now(broker).engine == "latentsync"
    assert {queue for queue, *_ in rung} == {"gpu.h.1", "gpu.h.2"}


def test_full_frames_server_lets_only_what_airs_next_through(
    rung: Rings, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    frames.set("ballast", bytes(4 * 2**20))
    values = Settings(uploads_folder=tmp_path, window_bytes=2**20)
    monkeypatch.setattr(dispatch, "settings", lambda: values)
    for _ in range(8):
        dispatch.run_pass()
        finish_all(broker, frames)
    assert {chunk for _, _, chunk, _ in rung} == {0, 1, 2}


def test_frames_server_that_may_hold_less_than_the_window_is_not_filled(
    rung: Rings, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = supply.look
    monkeypatch.setattr(supply, "look", lambda *asked: (look(*asked)[0], (81, 100)))
    for _ in range(8):
        dispatch.run_pass()
        finish_all(broker, frames)
    assert {chunk for _, _, chunk, _ in rung} == {0, 1, 2}


def test_chunk_that_finds_no_room_waits_and_so_does_what_airs_after_it(
    rung: Rings, broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = sounds.put
    with monkeypatch.context() as full:
        full.setattr(sounds, "put", lambda frames, slices: put(frames, slices[:1]))
        dispatch.run_pass()
    assert [(chunk, attempt) for _, _, chunk, attempt in rung] == [(0, 1)]
    assert now(broker).chunks_sent == 1
    dispatch.run_pass()
    assert [(chunk, attempt) for _, _, chunk, attempt in rung] == [(0, 1), (1, 1)]


def test_job_is_handed_out_no_further_than_the_window(
    rung: Rings, broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    post(broker, tmp_path, replace(JOB, frames=1000))
    broker.hset(keys.job("j"), mapping={"frames": 1000, "position": 1000})
    for _ in range(20):
        dispatch.run_pass()
        finish_all(broker, frames)
    last = chunks.chunk_of(int(Settings().window_s * FPS))
    assert [chunk for _, _, chunk, _ in rung] == list(range(last + 1))


@pytest.mark.usefixtures("rung")
def test_next_job_keeps_step_with_the_one_before_it(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    post(broker, tmp_path, replace(JOB, id="k"))
    bring_to_life(broker, replace(WORKER, name="gpu.h.1", queue="gpu.h.1", speed=1000.0))
    for _ in range(8):
        dispatch.run_pass()
        finish_all(broker, frames)
    second = jobs.load(broker, "k")
    assert second is not None
    assert second.position == now(broker).position + 100


def test_job_on_a_clip_of_its_own_is_planned_where_that_meets_idle_and_the_next_in_step_behind_it(
    rung: Rings, broker: Redis, frames: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    period, leap = 1000, 700  # further than the window
    poses = Poses(to_talk=np.full(1, (1004 + leap) % period), to_idle=np.zeros(period, np.int64))
    monkeypatch.setattr(views, "meeting_of", lambda *_: Meeting(poses, 0, 4))
    broker.hset(keys.job("j"), "frames", 50)
    post(broker, tmp_path, replace(JOB, id="k", frames=50))
    bring_to_life(broker, replace(WORKER, speed=1000.0))
    for _ in range(4):
        dispatch.run_pass()
        finish_all(broker, frames)
    first, second = jobs.load_many(broker, ["j", "k"])
    assert (first.position - first.leap, first.position % period) == (1004, (1004 + leap) % period)
    assert (second.position, second.leap) == (first.position + 50, 0)
    assert [(job, chunk) for _, job, chunk, _ in rung] == [(j, n) for j in "jk" for n in range(3)]


def test_timer_hands_out_what_became_possible_with_no_ring(rung: Rings, broker: Redis, frames: Redis) -> None:
    stop, handed = Event(), []

    def finish_and_run() -> None:
        finish_all(broker, frames)
        dispatch.run_pass()
        handed.append(len(rung))
        if len(rung) == 5:
            stop.set()

    timers.repeat(0.01, [finish_and_run], stop)
    assert [chunk for _, _, chunk, _ in rung] == list(range(5))
    assert handed == [2, 4, 5]


def test_pass_that_decides_nothing_writes_nothing(
    rung: Rings, broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatch.run_pass()
    held = broker.get(keys.TURN)

    def refuse(*_: object) -> bool:
        raise AssertionError("committed")

    monkeypatch.setattr(turns, "commit", refuse)
    dispatch.run_pass()
    assert broker.get(keys.TURN) == held
    assert len(rung) == 2


def test_rows_of_aired_chunks_leave_the_table(rung: Rings, broker: Redis) -> None:
    dispatch.run_pass()
    jobs.move(broker, JOB, State.ON_AIR, 60, frames_aired=33)
    dispatch.run_pass()
    assert 0 not in chunks.table(broker, "j")
    assert 1 not in chunks.table(broker, "j")
    assert len(rung) > 2


def cancel(broker: Redis) -> None:
    assert jobs.move(broker, JOB, State.CANCELLED, 60)


@pytest.mark.parametrize("is_forgotten", [False, True])
@pytest.mark.parametrize("laid_before", [0, 1, 2])
def test_job_cancelled_while_its_chunks_are_laid_ready_leaves_nothing_and_is_no_error(
    laid_before: int,
    is_forgotten: bool,
    rung: Rings,
    broker: Redis,
    frames: Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    laid: list[int] = []
    put = sounds.put

    def put_late(client: Redis, slices: Sequence[Slices]) -> int:
        put(client, slices[:laid_before])
        if not laid:
            cancel(broker)
            if is_forgotten:
                housekeeping.forget(frames, tmp_path, now(broker))
        laid.append(1)
        return put(client, slices)

    post(broker, tmp_path, replace(JOB, id="k"))
    bring_to_life(broker, replace(WORKER, name="gpu.h.1", queue="gpu.h.1"))
    monkeypatch.setattr(sounds, "put", put_late)
    dispatch.run_pass()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert frames.keys("*:j*") == []
    assert not broker.exists(keys.chunks("j"))
    assert now(broker).chunks_sent == 0
    assert {job for _, job, _, _ in rung} == {"k"}


@pytest.mark.parametrize("is_told", [True, False])
def test_cancelled_job_leaves_its_record_alone_and_room_for_the_next(
    is_told: bool, rung: Rings, broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    post(broker, tmp_path, replace(JOB, id="k"))
    dispatch.run_pass()
    cancel(broker)
    rung.clear()
    dispatch.forget("j") if is_told else housekeeping.sweep(broker, frames, tmp_path, 60)
    dispatch.run_pass()
    assert frames.keys("*:j*") == []
    assert sorted(broker.keys("*:j*")) == [keys.job("j")]
    assert not uploads.air(tmp_path, "j").parent.exists()
    assert [(job, chunk) for _, job, chunk, _ in rung] == [("k", 0), ("k", 1)]


def test_nothing_of_a_job_that_goes_on_is_forgotten(rung: Rings, frames: Redis, tmp_path: Path) -> None:
    dispatch.run_pass()
    held = sorted(frames.keys("*"))
    dispatch.forget("j")
    dispatch.forget("unknown")
    assert sorted(frames.keys("*")) == held
    assert uploads.air(tmp_path, "j").exists()
    assert len(rung) == 2


def test_job_planned_behind_one_that_was_cancelled_is_handed_out_as_if_it_were_next(
    rung: Rings, broker: Redis, tmp_path: Path
) -> None:
    place = 1000 + int(Settings().window_s * FPS)
    post(broker, tmp_path, replace(JOB, id="k", frames=1000, position=place))
    cancel(broker)
    dispatch.run_pass()
    assert [(job, chunk) for _, job, chunk, _ in rung] == [("k", 0), ("k", 1)]
    second = jobs.load(broker, "k")
    assert second is not None
    assert second.position == place


def test_job_that_aired_ends_although_the_broker_forgot_its_end(
    rung: Rings, broker: Redis, frames: Redis
) -> None:
    dispatch.run_pass()
    jobs.move(broker, JOB, State.ON_AIR, 60, frames_aired=83)
    dispatch.run_pass()
    assert now(broker).state is State.ON_AIR
    supply.advance_fence(frames, "j", chunks.count(JOB.frames), 0)
    dispatch.run_pass()
    assert (now(broker).state, now(broker).frames_aired) == (State.DONE, JOB.frames)
    assert jobs.playlist(broker, "main") == []
    assert rung


def test_pass_asks_no_more_of_the_broker_however_many_jobs_are_queued(
    rung: Rings, broker: Redis, tmp_path: Path
) -> None:
    def asked(queued: int) -> int:
        """Return how many commands a pass takes that finds nothing to hand out."""
        for number in range(queued):
            jobs.admit(broker, replace(JOB, id=f"queued {number}"), 99)
        broker.config_resetstat()
        dispatch.run_pass()
        return sum(stat["calls"] for stat in broker.info("commandstats").values())

    dispatch.run_pass()
    post(broker, tmp_path, replace(JOB, id="long", frames=1000))
    assert asked(queued=10) == asked(queued=90)
    assert len(rung) == 2


def put_on_air(broker: Redis, frames: int) -> None:
    """Have the job `j` be so long, and go on air at position 1000."""
    broker.hset(keys.job("j"), mapping={"frames": frames, "position": 1000})
    assert jobs.move(broker, JOB, State.ON_AIR, 60)


def test_job_on_air_is_cut_off_when_the_one_that_is_to_be_heard_now_can_begin(
    rung: Rings, broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    put_on_air(broker, 90_000)
    post(broker, tmp_path, replace(JOB, id="k", mode=Mode.NOW, posted_ms=1))
    bring_to_life(broker, replace(WORKER, name="gpu.h.1", queue="gpu.h.1"))
    dispatch.run_pass()
    assert ("k", 0) in {(job, chunk) for _, job, chunk, _ in rung}
    dispatch.run_pass()
    assert now(broker).state is State.ON_AIR
    finish_all(broker, frames)
    dispatch.run_pass()
    assert now(broker).state is State.CANCELLED
    assert jobs.playlist(broker, "main") == ["k"]
    assert not frames.exists(keys.fence("j"))
    assert not uploads.air(tmp_path, "j").exists()
    second = jobs.load(broker, "k")
    assert second is not None
    assert second.position == starts.plan(1000, starts.lead_s(100, [100.0, 100.0]) + starts.GIVES_WAY_S)


def test_job_that_was_overtaken_keeps_its_place_on_the_timeline_and_follows_the_other(
    rung: Rings, broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    put_on_air(broker, 150)
    for name, more in (("k", {}), ("l", {"mode": Mode.NEXT, "posted_ms": 1})):
        post(broker, tmp_path, replace(JOB, id=name, **more))  # type: ignore[arg-type] # a job's fields
        for _ in range(8):
            dispatch.run_pass()
            finish_all(broker, frames)
    assert jobs.playlist(broker, "main") == ["j", "l", "k"]
    overtaken, in_front = jobs.load_many(broker, ["k", "l"])
    assert (overtaken.position, in_front.position) == (1150, 1150)
    assert len({(job, chunk) for _, job, chunk, _ in rung}) == len(rung), "nothing was rendered twice"
