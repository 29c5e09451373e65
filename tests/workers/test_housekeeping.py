"""Uploads are forgotten when their job has ended, and not before; what the broker lost is told of."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from redis import Redis, RedisError

from tests.conftest import free_port
from wire import connection, jobs, keys, records, supply, workers
from wire.connection import now_ms
from wire.jobs import Job, State
from wire.supply import ChunkSound
from wire.workers import Worker
from workers.housekeeping import ADMITTING_S, BINDING, LOST, UNKNOWN_KEPT_S, forget_queues, sweep

KEPT_S = 3600.0
SOUND = ChunkSound(np.zeros(9, np.int16), np.zeros(3, np.int16), 0)


def test_only_what_no_job_needs_is_removed(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    job = Job("waiting", "main", State.QUEUED, 0)
    jobs.admit(broker, job, 5)
    jobs.admit(broker, replace(job, id="ended", state=State.ON_AIR), 5)
    jobs.move(broker, replace(job, id="ended"), State.DONE, 60)
    for name in ("waiting", "ended", "arriving", "orphan"):
        (tmp_path / name).mkdir()
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    os.utime(tmp_path / "orphan", (long_ago, long_ago))
    sweep(broker, frames, tmp_path, KEPT_S)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arriving", "waiting"]


@pytest.mark.parametrize("end", sorted(jobs.ENDED))
def test_nothing_of_an_ended_job_stays_on_the_frames_server(
    broker: Redis, frames: Redis, tmp_path: Path, end: State
) -> None:
    job = Job("j", "main", max(jobs.BEFORE[end]), 0, chunks_sent=3)
    for known in (job, replace(job, id="other")):
        jobs.admit(broker, known, 5)
        supply.raise_fence(frames, known.id, 0, 0)
        supply.put_sound(frames, known.id, 2, SOUND)
        (tmp_path / known.id).mkdir()
    jobs.move(broker, job, end, 60)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert sorted(frames.keys("*")) == [b"fence:other", b"sound:other:2"]


def test_frames_server_that_is_away_leaves_the_folder_for_the_next_sweep(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    jobs.admit(broker, Job("j", "main", State.ON_AIR, 0), 5)
    jobs.move(broker, Job("j", "main", State.ON_AIR, 0), State.CANCELLED, 60)
    (tmp_path / "j").mkdir()
    away = connection.frames(f"redis://127.0.0.1:{free_port()}/1", 0.2)
    with pytest.raises(RedisError):
        sweep(broker, away, tmp_path, KEPT_S)
    assert (tmp_path / "j").exists()
    sweep(broker, frames, tmp_path, KEPT_S)
    assert not (tmp_path / "j").exists()


def test_missing_uploads_folder_harms_nothing(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    sweep(broker, frames, tmp_path / "none", KEPT_S)


def test_upload_that_still_grows_is_kept(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    folder = tmp_path / "arriving"
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
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)  # as for a user who is not root
    long_ago = time.time() - UNKNOWN_KEPT_S - 1
    for name in ("a", "b", "lost+found"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / "a file").touch()
    (tmp_path / "a link").symlink_to("nowhere")
    sweep(broker, frames, tmp_path, KEPT_S)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "a link", "lost+found"]


def admitted(broker: Redis, folder: Path, job_id: str, age_s: float) -> Job:
    """A folder as the API leaves it that admitted a job so long ago."""
    job = Job(job_id, "main", State.QUEUED, now_ms(broker) - int(age_s * 1000), sound_name="hello.wav")
    (folder / job_id).mkdir()
    records.write(folder, job)
    return job


def test_a_job_that_the_broker_lost_has_failed_and_says_why(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    job = admitted(broker, tmp_path, "lost", ADMITTING_S + 10)
    assert jobs.admit(broker, job, 5)
    supply.raise_fence(frames, "lost", 0, 0)
    frames.xadd(keys.frames("lost", 7), {"head": "made"})
    frames.xadd(keys.frames("other", 7), {"head": "made"})
    broker.flushdb()
    sweep(broker, frames, tmp_path, KEPT_S)
    told = jobs.load(broker, "lost")
    assert told is not None
    assert told == replace(job, state=State.FAILED, ended_ms=told.ended_ms, error=LOST)
    assert jobs.latest(broker, 5) == [told]
    assert jobs.playlist(broker, "main") == []
    assert 0 < broker.ttl("job:lost") <= KEPT_S
    assert frames.keys() == [keys.frames("other", 7).encode()]
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_the_broker_knows_goes_on(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    job = admitted(broker, tmp_path, "waiting", ADMITTING_S + 10)
    jobs.admit(broker, job, 5)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert jobs.load(broker, "waiting") == job
    assert (tmp_path / "waiting").exists()


def test_a_job_on_its_way_to_the_broker_is_not_yet_lost(broker: Redis, frames: Redis, tmp_path: Path) -> None:
    admitted(broker, tmp_path, "arriving", 0)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert jobs.load(broker, "arriving") is None
    assert (tmp_path / "arriving").exists()


def test_a_job_lost_longer_ago_than_jobs_are_kept_is_removed(
    broker: Redis, frames: Redis, tmp_path: Path
) -> None:
    admitted(broker, tmp_path, "ancient", KEPT_S + 1)
    sweep(broker, frames, tmp_path, KEPT_S)
    assert broker.dbsize() == 0
    assert list(tmp_path.iterdir()) == []


def test_queues_of_workers_that_are_gone_are_forgotten(broker: Redis) -> None:
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0"), "me")
    broker.persist("worker:gpu.h.0")
    for queue in ("gpu.h.0", "gpu.gone.0", "prepare"):
        broker.lpush(queue, "message")
        broker.sadd(BINDING + queue, "queue")
    forget_queues(broker)
    left = {"gpu.h.0", "prepare", BINDING + "gpu.h.0", BINDING + "prepare"}
    assert set(map(str, broker.keys())) == {"worker:gpu.h.0", "workers"} | left
