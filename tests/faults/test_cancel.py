"""A job is stopped at any stage: nothing more of it is heard, worked on or kept; others do not notice."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.show import Show
from tests.faults.accounts import times
from tests.faults.conftest import WORKERS
from tests.faults.ledger import Entry
from tests.faults.verdict import broker, frames, records, survive
from tests.metering.chirps import speech
from tests.system import System
from wire import chunks, jobs
from wire.chunks import Stage
from wire.jobs import Job
from wire.media import FPS

Plan = Callable[[str], object]

LEAVES_S = 0.5
"""A job that is cut off leaves the air within this."""
BUSY = 5
"""Times as long that a machine may take which runs other tests."""
HELD_S = 1
"""A chunk goes on for so long: less than its lease, so that it is not given up."""
TAKEN = "unacked"
"""Celery's record of messages that workers have taken and not yet ended."""
MOMENT_S = 20.0
"""All that is kept of a job is gone at once; a machine that runs other tests may take so long."""


@pytest.mark.fault("job on air interrupted, another behind it")
def test_the_next_job_follows_one_that_is_interrupted_on_air(system: System, entry: Entry) -> None:
    answered: list[int] = []

    def hurt() -> None:
        answered.append(cut_off_at(system, seconds=1.5))

    seen = survive(system, [speech(seed=61, seconds=9), speech(seed=62, seconds=3)], hurt, entry)
    cut, following = records(system, seen)
    check_cut_off(system, seen, cut, answered[0], entry)
    assert (following.state, following.frames_aired) == ("done", following.frames)
    gap_s = min(times(following, seen.stream).values()) - max(times(cut, seen.stream).values())
    assert 0 < gap_s < (cut.frames - cut.frames_aired) / FPS / 2, f"it waited for its place\n{seen.report}"
    entry.figures.setdefault("s from the last frame to the next job", []).append(gap_s)


@pytest.mark.fault("job on air cancelled")
def test_a_job_that_is_cancelled_on_air_gives_way_to_idle(system: System, entry: Entry) -> None:
    answered: list[int] = []

    def hurt() -> None:
        await_air(system, seconds=1)
        job = first(system)
        assert system.client.cancel(job.id).status == 200
        answered.append(job.frames_aired)
        await_no_trace(system, job.id)

    seen = survive(system, [speech(seed=63, seconds=20)], hurt, entry)
    (cut,) = records(system, seen)
    check_cut_off(system, seen, cut, answered[0], entry)


@pytest.mark.fault("job cancelled while its first chunk is rendered")
def test_a_chunk_whose_job_is_cancelled_ends_and_is_not_tried_again(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan(f"hold={HELD_S} 0")
    lost = broker(system).hlen(TAKEN)  # what workers that were killed had taken
    told_before: list[str] = []

    def hurt() -> None:
        system.await_that(lambda: is_rendered(system), "rendered")
        job, began = first(system), time.monotonic()
        assert system.client.cancel(job.id).body["interrupted"] is False
        told_before.append(told(system))
        plan("")  # the next job's chunks go well
        await_no_trace(system, job.id)
        system.await_that(lambda: broker(system).hlen(TAKEN) <= lost, "free", MOMENT_S)
        entry.figures.setdefault("s from the cancel to free workers", []).append(time.monotonic() - began)

    seen = survive(system, [speech(seed=64, seconds=4), speech(seed=65, seconds=2)], hurt, entry)
    cancelled, following = records(system, seen)
    assert (cancelled.state, cancelled.frames_aired) == ("cancelled", 0)
    assert times(cancelled, seen.stream) == {}
    assert (following.state, following.frames_aired) == ("done", following.frames)
    mentions = [text.count(cancelled.id) for text in (*told_before, told(system))]
    assert mentions[0] == mentions[1], "what is cancelled is neither tried again nor an error"


@pytest.mark.fault("job cancelled behind another on air")
def test_a_job_that_waits_is_cancelled_and_the_one_on_air_goes_on(system: System, entry: Entry) -> None:
    def hurt() -> None:
        ids = jobs.playlist(broker(system), "main")
        assert system.client.cancel(ids[2]).status == 200  # queued, or being prepared
        system.await_that(lambda: record(system, ids[1]).chunks_sent > 1, "handed out")
        assert system.client.interrupt(ids[1]).body["error"]["code"] == "not_on_air"
        assert system.client.cancel(ids[1]).status == 200
        for job_id in ids[1:]:
            await_no_trace(system, job_id)

    sounds = [speech(seed=66 + n, seconds=seconds) for n, seconds in enumerate((5, 3, 30))]
    seen = survive(system, sounds, hurt, entry)
    on_air, *cancelled = records(system, seen)
    assert (on_air.state, on_air.frames_aired) == ("done", on_air.frames)
    assert [(job.state, times(job, seen.stream)) for job in cancelled] == [("cancelled", {})] * 2


def check_cut_off(system: System, seen: Show, job: Job, aired_at_answer: int, entry: Entry) -> None:
    """Check that the job was heard up to where its record says, and no further than was promised."""
    assert sorted(times(job, seen.stream)) == list(range(job.frames_aired)), f"{job}\n{seen.report}"
    late_s = (job.frames_aired - aired_at_answer) / FPS
    assert late_s < BUSY * LEAVES_S, f"{late_s} s later\n{seen.report}"
    entry.figures.setdefault("s from the answer to the last frame", []).append(late_s)
    shown = system.client.job(job.id)
    told = [shown[name] for name in ("state", "interrupted", "interrupted_at_s", "degraded")]
    assert told == ["cancelled", True, job.frames_aired / FPS, False]
    await_no_trace(system, job.id)


def cut_off_at(system: System, seconds: float) -> int:
    """Interrupt the job on air after so much of it; return how many frames it had aired."""
    await_air(system, seconds)
    answer = system.client.interrupt(first(system).id)
    assert answer.status == 200, answer
    return int(answer.body["frames_aired"])


def await_air(system: System, seconds: float) -> None:
    """Wait until so much of the first job has aired."""
    system.await_that(lambda: first(system).frames_aired >= seconds * FPS, f"{seconds} s on air")


def is_rendered(system: System) -> bool:
    """Return whether a worker is at the first chunk of the playlist's first job."""
    row = chunks.table(broker(system), first(system).id).get(0)
    return row is not None and row.stage is Stage.RUNNING


def told(system: System) -> str:
    """Return what dispatch and the render workers complained of."""
    names = ("dispatch", *(f"render{index}" for index in range(WORKERS)))
    lines = (line for name in names for line in system.log(name).read_text().splitlines())
    return "\n".join(line for line in lines if " INFO " not in line)


def first(system: System) -> Job:
    """Return the first job of the playlist."""
    return record(system, jobs.playlist(broker(system), "main")[0])


def record(system: System, job_id: str) -> Job:
    found = jobs.load(broker(system), job_id)
    assert found is not None
    return found


def await_no_trace(system: System, job_id: str) -> None:
    """Wait until nothing is kept of the job but its record."""
    system.await_that(
        lambda: not traces(system, job_id), lambda: f"free of {traces(system, job_id)}", MOMENT_S
    )


def traces(system: System, job_id: str) -> list[str]:
    """Return what is kept of the job beside its record: keys on both servers, and files."""
    held = [str(key) for key in broker(system).scan_iter(f"*{job_id}*") if key != f"job:{job_id}"]
    held += [key.decode() for key in frames(system).scan_iter(f"*{job_id}*")]
    folder = Path(system.environment["LIVE_UPLOADS_FOLDER"])
    return held + [str(path) for path in folder.glob(f"{job_id}*")]
