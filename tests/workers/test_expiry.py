"""A job that is not on air in the time it was given ends and leaves nothing; one that is goes on."""

from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis

from tests.laid import lay_sound
from wire import jobs, keys, supply
from wire.jobs import WAITING, Job, State
from workers import expiry
from workers.expiry import expire

JOB = Job("j", "main", State.RENDERING, 10_000, expires_ms=12_500, frames=8, chunks_sent=1)


@pytest.fixture
def posted(broker: Redis, frames: Redis, tmp_path: Path) -> Path:
    """The uploads folder; the job `j`, with a chunk handed out, and another that does not expire wait."""
    for job in (JOB, replace(JOB, id="other", expires_ms=-1)):
        jobs.admit(broker, job, 9)
        broker.hset(keys.chunks(job.id), "0", "{}")
        supply.raise_fence(frames, job.id, 0, 0)
        lay_sound(frames, job.id, 0)
        (tmp_path / job.id).mkdir()
    return tmp_path


def expire_at(
    monkeypatch: pytest.MonkeyPatch, now_ms: int, broker: Redis, frames: Redis, folder: Path
) -> Job:
    monkeypatch.setattr(expiry, "now_ms", lambda _: now_ms)
    expire(broker, frames, folder, 60)
    job = jobs.load(broker, "j")
    assert job is not None
    return job


@pytest.mark.parametrize("state", sorted(WAITING))
def test_job_whose_time_has_come_expires_says_why_and_leaves_nothing(
    posted: Path, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch, state: State
) -> None:
    broker.hset(keys.job("j"), "state", state)
    job = expire_at(monkeypatch, 12_500, broker, frames, posted)
    assert (job.state, job.error) == (State.EXPIRED, "It was not on air within the 2.5 s that it was given.")
    assert jobs.playlist(broker, "main") == ["other"]
    assert sorted(frames.keys("*")) == [b"fence:other", b"heard:other", b"sound:other:0"]
    assert broker.keys("*:j") == [keys.job("j")]
    assert [path.name for path in posted.iterdir()] == ["other"]
    assert 0 < int(broker.ttl(keys.job("j"))) <= 60


def test_job_is_left_alone_until_its_time_has_come(
    posted: Path, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert expire_at(monkeypatch, 12_499, broker, frames, posted).state is State.RENDERING


def test_job_that_is_on_air_does_not_expire_even_if_it_was_seen_waiting(
    posted: Path, broker: Redis, frames: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "lapsed", lambda *_: ["j", "forgotten meanwhile"])
    jobs.move(broker, JOB, State.ON_AIR, 60)
    job = expire_at(monkeypatch, 10**12, broker, frames, posted)
    assert (job.state, job.error) == (State.ON_AIR, "")
    assert (posted / "j").exists()
    assert frames.exists(keys.fence("j"))
