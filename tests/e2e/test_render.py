"""More workers are more processes, and nothing else changes; a chunk that fails is rendered again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.show import assert_spoken, show
from tests.made_up import faults_file, made_up
from tests.metering.chirps import speech
from tests.system import System
from wire import chunks, connection, jobs, workers

SPEED = "18"
"""Frames a second of each worker: one alone is too slow for the air, two are not."""


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[System]:
    """A system with one worker that is slower than the air."""
    with made_up(tmp_path, MADE_UP_SPEED=SPEED) as running:
        yield running


@pytest.fixture
def failing(system: System) -> Iterator[System]:
    """The shared system, with a worker that fails at its first try of a job's third chunk."""
    faults = faults_file(system.folder)
    faults.write_text("raise 2:1")
    yield system
    faults.unlink()


def test_a_second_worker_started_by_hand_takes_its_share(slow: System) -> None:
    broker = connection.broker(slow.environment["LIVE_BROKER_URL"], 2.0)
    name = slow.add_worker(1)
    slow.await_that(lambda: len([w for w in workers.live(broker) if w.role == "render"]) == 2, "alive")
    at: set[str] = set()

    def all_handed_out() -> bool:
        (job_id,) = jobs.playlist(broker, "main")
        at.update(row.worker for row in chunks.table(broker, job_id).values())
        job = jobs.load(broker, job_id)
        return bool(job and 0 < chunks.count(job.frames) <= job.chunks_sent)

    seen = show(slow, [speech(seed=1, seconds=4)], lambda: slow.await_that(all_handed_out, "handed out"))
    assert not seen.faults, f"{name} {seen.report}"
    assert at == {"gpu.test.0", "gpu.test.1"}


def test_a_chunk_whose_first_try_fails_is_rendered_again_and_the_job_airs_whole(failing: System) -> None:
    seen = show(failing, [speech(seed=2, seconds=3)])
    assert_spoken(seen, 75)
    (job,) = seen.report.jobs
    assert [job.attempts[chunk] for chunk in range(4)] == [{1}, {1}, {1, 2}, {1}]
