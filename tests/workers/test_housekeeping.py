"""Uploads are forgotten when their job has ended, and not before; what the broker lost is told of."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis import Redis, RedisError

from tests.conftest import free_port
from tests.laid import lay_sound
from wire import connection, jobs, keys, records, supply, workers
from wire.connection import now_ms
from wire.jobs import Job, State
from wire.workers import Worker
from workers.housekeeping import ADMITTING_S, BINDINGS, LOST, UNKNOWN_KEPT_S, forget_queues, sweep

KEPT_S = 3600.0


def named(word: str) -> str:
    """Return a job's id that is always the same for a word."""
    return word.encode().hex().ljust(32, "0")


def test_only_what_no_job_needs_is_removed(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    job = Job(named("waiting"), "main", State.QUEUED, 0)
    jobs.admit(broker, job, 5)
    jobs.admit(broker, replace(job, id=named("ended"), state=State.ON_AIR), 5)
    jobs.move(broker, replace(job, id=named("ended")), State.DONE, 60)
    for name in (named("waiting"), named("ended"), named("arriving"), named("orphan")):
        (tmp_path / name).mkdir()
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    os.utime(tmp_path / named("orphan"), (long_ago, long_ago))
    sweep(broker, frames, tmp_path, KEPT_S)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([named("arriving"), named("waiting")])


@pytest.mark.parametrize("end", sorted(jobs.ENDED))
def test_nothing_of_an_ended_job_stays_on_the_frames_server(
    broker: Redis, frames: Redis, tmp_path: Path, end: State
) -> None:
    job = Job(named("j"), "main", max(jobs.BEFORE[end]), 0, frames=60, chunks_sent=1)
    for known in (job, replace(job, id=named("other"))):
        jobs.admit(broker, known, 5)
        supply.raise_fence(frames, known.id, 0, 0)
        lay_sound(frames, known.id, 2)
        (tmp_path / known.id).mkdir()
    jobs.move(broker, job, end, 60)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert sorted(frames.keys("*")) == [
        keys.fence(named("other")).encode(),
        keys.heard(named("other")).encode(),
        keys.sound(named("other"), 2).encode(),
    ]


def test_frames_server_that_is_away_leaves_the_folder_for_the_next_sweep(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    jobs.admit(broker, Job(named("j"), "main", State.ON_AIR, 0), 5)
    jobs.move(broker, Job(named("j"), "main", State.ON_AIR, 0), State.CANCELLED, 60)
    (tmp_path / named("j")).mkdir()
    away = connection.frames(f"redis://127.0.0.1:{free_port()}/1", 0.2)
    with pytest.raises(RedisError):
        sweep(broker, away, tmp_path, KEPT_S)
    assert (tmp_path / named("j")).exists()
    sweep(broker, frames, tmp_path, KEPT_S)
    assert not (tmp_path / named("j")).exists()


def test_missing_uploads_folder_harms_nothing(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    sweep(broker, frames, tmp_path / "none", KEPT_S)


def test_upload_that_still_grows_is_kept(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    folder = tmp_path / named("arriving")
    folder.mkdir()
    (folder / "posted").write_bytes(b"so far")
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    os.utime(folder, (long_ago, long_ago))
    sweep(broker, frames, tmp_path, KEPT_S)
    assert folder.exists()


def test_what_cannot_be_looked_into_keeps_nothing_else_from_being_removed(
    broker: Redis, frames: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == named("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)  # as for a user who is not root
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    for name in (named("a"), named("b"), named("closed")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / named("a file")).touch()
    (tmp_path / named("a link")).symlink_to("nowhere")
    sweep(broker, frames, tmp_path, KEPT_S)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {named(word) for word in ("a file", "a link", "closed")}


def test_what_does_not_go_by_a_jobs_id_is_nobodys_to_remove(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    for name in ("archive", "lost+found", f"{named('a')}.part"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (long_ago, long_ago))
    sweep(broker, frames, tmp_path, KEPT_S)
    assert len(list(tmp_path.iterdir())) == 3


def admitted(broker: Redis, folder: Path, job_id: str, age_s: float) -> Job:
    """A folder as the API leaves it that admitted a job so long ago."""
    job = Job(job_id, "main", State.QUEUED, now_ms(broker) - int(age_s * 1000), sound_name="hello.wav")
    (folder / job_id).mkdir()
    records.write(folder, job)
    return job


def test_a_job_that_the_broker_lost_has_failed_and_says_why(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    job = admitted(broker, tmp_path, named("lost"), ADMITTING_S + 10)
    assert jobs.admit(broker, job, 5)
    supply.raise_fence(frames, named("lost"), 0, 0)
    frames.xadd(keys.frames(named("lost"), 7), {"head": "made"})
    frames.xadd(keys.frames(named("other"), 7), {"head": "made"})
    broker.flushdb()
    sweep(broker, frames, tmp_path, KEPT_S)
    told = jobs.load(broker, named("lost"))
    assert told is not None
    assert told == replace(job, state=State.FAILED, ended_ms=told.ended_ms, error=LOST)
    assert jobs.latest(broker, 5) == [told]
    assert jobs.playlist(broker, "main") == []
    assert 0 < broker.ttl(keys.job(named("lost"))) <= KEPT_S
    assert frames.keys() == [keys.frames(named("other"), 7).encode()]
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_the_broker_knows_goes_on(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    job = admitted(broker, tmp_path, named("waiting"), ADMITTING_S + 10)
    jobs.admit(broker, job, 5)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert jobs.load(broker, named("waiting")) == job
    assert (tmp_path / named("waiting")).exists()


def test_a_job_on_its_way_to_the_broker_is_not_yet_lost(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    admitted(broker, tmp_path, named("arriving"), 0)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert jobs.load(broker, named("arriving")) is None
    assert (tmp_path / named("arriving")).exists()


def test_a_job_lost_longer_ago_than_jobs_are_kept_is_removed(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    admitted(broker, tmp_path, named("ancient"), KEPT_S + 1)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert broker.dbsize() == 0
    assert list(tmp_path.iterdir()) == []


def test_queues_of_workers_that_are_gone_are_forgotten(broker: Redis) -> None:
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0"), "me")
    broker.persist("worker:gpu.h.0")
    for queue in ("gpu.h.0", "gpu.gone.0", "prepare"):
        broker.lpush(queue, "message")
        for head in BINDINGS:
            broker.sadd(head + queue, "queue")
    forget_queues(broker)
    left = {head + queue for head in ("", *BINDINGS) for queue in ("gpu.h.0", "prepare")}
    assert set(map(str, broker.keys())) == {"worker:gpu.h.0", "workers"} | left
