"""A job that is not prepared: asked for again in time, failed in the end, but not for waiting its turn."""

from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from wire import channels, jobs, keys, uploads, workers
from wire.channels import Channel
from wire.jobs import Job, State
from wire.workers import Worker
from workers import overdue
from workers.overdue import GONE, LONGEST_S, RINGS, SHORTEST_S, look_after, look_after_all, patience_s
from workers.sound import DECODE_TIMEOUT_S

LATE_MS = int(LONGEST_S * 1000)
JOB = Job("j", "main", State.QUEUED, 5_000, announced_s=3600.0)


@pytest.fixture
def asked(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which jobs were asked for again; the job `j` is posted."""
    told: list[str] = []
    monkeypatch.setattr(overdue, "ring_prepare", told.append)
    jobs.admit(broker, JOB, 9)
    return told


def now(broker: Redis) -> Job:
    job = jobs.load(broker, "j")
    assert job is not None
    return job


def look_after_at(broker: Redis, now_ms: int, is_served: bool) -> Job:
    look_after(broker, now(broker), now_ms, 60, is_served)
    return now(broker)


def post(folder: Path, job_id: str) -> None:
    uploads.posted(folder, job_id).parent.mkdir()
    uploads.posted(folder, job_id).touch()


def begin(broker: Redis, now_ms: int) -> None:
    """As a prepare worker does."""
    jobs.move(broker, JOB, State.PREPARING, 60, begun_ms=now_ms)


@pytest.mark.parametrize("announced_s", [0.0, 0.01, 10.0, 600.0, 3600.0])
def test_patience_grows_with_the_sound_and_is_longest_where_its_length_is_unknown(announced_s: float) -> None:
    patience = patience_s(announced_s, is_served=True)
    assert SHORTEST_S <= patience <= LONGEST_S
    assert patience_s(announced_s or 3600.0, is_served=True) == patience
    assert patience_s(announced_s + 60, is_served=True) >= patience or announced_s == 0
    assert patience_s(announced_s, is_served=False) == LONGEST_S > DECODE_TIMEOUT_S


def test_job_is_left_alone_until_it_is_overdue(broker: Redis, asked: list[str]) -> None:
    look_after_at(broker, JOB.posted_ms + LATE_MS - 1, is_served=False)
    assert asked == []
    look_after_at(broker, JOB.posted_ms + LATE_MS, is_served=False)
    assert asked == ["j"]


def test_short_sound_whose_message_was_lost_is_asked_for_sooner(broker: Redis, asked: list[str]) -> None:
    broker.hset(keys.job("j"), "announced_s", "10")
    look_after_at(broker, JOB.posted_ms + LATE_MS // 2, is_served=True)
    assert asked == ["j"]


def test_job_without_a_prepare_worker_fails_after_its_tries(broker: Redis, asked: list[str]) -> None:
    for n in range(1, RINGS + 1):
        assert look_after_at(broker, JOB.posted_ms + n * LATE_MS, is_served=False).state is State.QUEUED
    assert asked == ["j"] * RINGS
    job = look_after_at(broker, JOB.posted_ms + (RINGS + 1) * LATE_MS, is_served=False)
    assert job.state is State.FAILED
    assert "prepare worker" in job.error
    assert asked == ["j"] * RINGS


def test_job_that_waits_behind_others_does_not_fail(broker: Redis, asked: list[str]) -> None:
    for n in range(1, 20):
        assert look_after_at(broker, JOB.posted_ms + n * LATE_MS, is_served=True).state is State.QUEUED
    assert asked == ["j"] * 19


def test_job_that_was_begun_late_is_not_overdue(broker: Redis, asked: list[str]) -> None:
    begun_ms = JOB.posted_ms + 7 * LATE_MS
    begin(broker, begun_ms)
    look_after_at(broker, begun_ms + LATE_MS - 1, is_served=True)
    assert asked == []


def test_job_whose_tries_never_end_fails_though_a_worker_lives(broker: Redis, asked: list[str]) -> None:
    at_ms = JOB.posted_ms
    for _ in range(RINGS + 1):
        assert now(broker).state is not State.FAILED
        begin(broker, at_ms + 1)
        at_ms += 1 + LATE_MS
        look_after_at(broker, at_ms, is_served=True)
    assert asked == ["j"] * RINGS
    assert now(broker).state is State.FAILED


def test_try_that_waits_behind_others_is_not_counted(broker: Redis, asked: list[str]) -> None:
    begin(broker, JOB.posted_ms + 1)
    for n in range(1, 20):
        look_after_at(broker, JOB.posted_ms + 1 + n * LATE_MS, is_served=True)
    assert len(asked) == 19
    assert (now(broker).rings, now(broker).state) == (1, State.PREPARING)


def test_job_that_was_prepared_meanwhile_does_not_fail(broker: Redis, asked: list[str]) -> None:
    begin(broker, JOB.posted_ms + 1)
    seen = replace(now(broker), rings=RINGS)
    jobs.move(broker, JOB, State.RENDERING, 60, frames=8)
    look_after(broker, seen, JOB.posted_ms + 2 * LATE_MS, 60, is_served=False)
    assert now(broker).state is State.RENDERING
    assert asked == []


def test_each_channels_first_job_that_is_not_prepared_is_looked_after(
    broker: Redis, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for channel, ids in {"main": ["k"], "other": ["l", "m"], "idle": []}.items():
        channels.report(broker, Channel(channel, "hash", 250, 1280, 720, 0))
        for job_id in ids:
            jobs.admit(broker, replace(JOB, id=job_id, channel=channel), 9)
            post(tmp_path, job_id)
    jobs.move(broker, JOB, State.PREPARING, 60)
    jobs.move(broker, JOB, State.RENDERING, 60)
    workers.beat(broker, Worker("node@h", "prepare", "prepare"), "test")
    monkeypatch.setattr(overdue, "now_ms", lambda _: JOB.posted_ms + LATE_MS)
    look_after_all(broker, tmp_path, 60)
    assert asked == ["k", "l"]


@pytest.mark.usefixtures("asked")
def test_job_whose_posted_file_is_gone_fails_at_once_wherever_it_waits(broker: Redis, tmp_path: Path) -> None:
    channels.report(broker, Channel("main", "hash", 250, 1280, 720, 0))
    jobs.admit(broker, replace(JOB, id="k"), 9)
    post(tmp_path, "j")
    look_after_all(broker, tmp_path, 60)
    assert jobs.playlist(broker, "main") == ["j"]
    gone = jobs.load(broker, "k")
    assert gone is not None
    assert (gone.state, gone.error) == (State.FAILED, GONE)


def test_job_that_the_broker_lost_meanwhile_leaves_no_stump(broker: Redis, asked: list[str]) -> None:
    seen = now(broker)
    broker.flushdb()
    look_after(broker, seen, JOB.posted_ms + LATE_MS, 60, is_served=False)
    assert broker.keys() == []
    assert asked == []


def test_without_a_prepare_worker_trying_comes_to_an_end(
    broker: Redis, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(tmp_path, "j")
    channels.report(broker, Channel("main", "hash", 250, 1280, 720, 0))
    for n in range(1, RINGS + 2):
        monkeypatch.setattr(overdue, "now_ms", lambda _, n=n: JOB.posted_ms + n * LATE_MS)
        look_after_all(broker, tmp_path, 60)
    assert asked == ["j"] * RINGS
    assert now(broker).state is State.FAILED
