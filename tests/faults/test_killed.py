"""A render worker that dies takes no speech with it: its chunk is rendered elsewhere."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.accounts import paused_s
from tests.faults.conftest import WORKERS, count_workers
from tests.faults.ledger import LONG_PAUSE_S, TIMES, Entry, p95
from tests.faults.verdict import await_row, broker, process_of, records, survive
from tests.metering.chirps import speech, wav
from tests.system import System
from wire import chunks, jobs
from wire.chunks import Stage
from wire.media import FPS

Plan = Callable[[str], object]
ELSEWHERE = "s from the kill to the chunk running again"
ELSEWHERE_S = 3.0
"""In 95 of 100 kills a chunk runs again within this."""
RUNS = 20
WINDOW_S = 10
"""The default of the setting `window_s`."""
SOON_S = 4
"""Seconds into a job: a start that a busy machine made late is past, and what a kill may delay is to come."""


def note_recovery(system: System, chunk: int, entry: Entry) -> None:
    """Note how long it takes from now until the chunk is tried again."""
    began = time.monotonic()
    await_row(system, chunk, attempt=2)
    entry.figures.setdefault(ELSEWHERE, []).append(time.monotonic() - began)


def check_quick(entry: Entry) -> None:
    """Check the time that is promised: of each kill roughly, and once there are figures enough."""
    took_s = entry.figures[ELSEWHERE]
    assert took_s[-1] < TIMES * ELSEWHERE_S, took_s
    assert len(took_s) < RUNS or p95(took_s) < ELSEWHERE_S, took_s


def is_done_up_to(system: System, chunk: int) -> bool:
    """Return whether all chunks of the job before this one are done, or have aired."""
    (job,) = jobs.load_many(broker(system), jobs.playlist(broker(system), "main"))
    rows = chunks.table(broker(system), job.id)
    to_air = range(chunks.chunk_of(job.frames_aired), chunk)
    return all(number in rows and rows[number].stage is Stage.DONE for number in to_air)


@pytest.mark.fault("whole worker killed -9 in a chunk")
@pytest.mark.runs(RUNS)
@pytest.mark.slow
def test_chunk_of_a_killed_worker_is_rendered_elsewhere(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=30 3:1")

    def hurt() -> None:
        system.kill_all_of(process_of(await_row(system, 3)))
        note_recovery(system, 3, entry)

    survive(system, [speech(seed=1, seconds=4)], hurt, entry)
    check_quick(entry)


@pytest.mark.fault("render process killed -9 in a chunk")
@pytest.mark.runs(RUNS)
def test_chunk_of_a_killed_render_process_is_rendered_again(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=30 3:1")

    def hurt() -> None:
        for pid in system.children(process_of(await_row(system, 3))):
            os.kill(pid, signal.SIGKILL)
        note_recovery(system, 3, entry)

    survive(system, [speech(seed=2, seconds=4)], hurt, entry)
    check_quick(entry)


@pytest.mark.fault("whole worker killed -9 in a chunk, the window filled")
def test_viewers_see_nothing_of_a_killed_worker_while_the_window_is_filled(
    system: System, plan: Plan, entry: Entry
) -> None:
    last = chunks.chunk_of(WINDOW_S * FPS) + 1  # begun when the job is on air, and all before it are done
    plan(f"hold=30 {last}:1")

    def hurt() -> None:
        worker = process_of(await_row(system, last))
        system.await_that(lambda: is_done_up_to(system, last), "done up to there")
        system.kill_all_of(worker)
        note_recovery(system, last, entry)

    seen = survive(system, [speech(seed=8, seconds=WINDOW_S + 2)], hurt, entry)
    (job,) = records(system, seen)
    assert paused_s(job, seen.stream, since=SOON_S * FPS) < LONG_PAUSE_S, str(seen.report)
    assert entry.own_mouth_frames[-1] == 0


@pytest.mark.fault("all workers but one killed -9")
def test_one_worker_that_is_left_renders_it_all(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=30 3:1")

    def hurt() -> None:
        busy = process_of(await_row(system, 3))
        others = [f"render{index}" for index in range(WORKERS) if f"render{index}" != busy]
        for name in (busy, others[0]):
            system.kill_all_of(name)

    survive(system, [speech(seed=3, seconds=4)], hurt, entry)
    assert count_workers(system) == 1


@pytest.mark.fault("worker frozen, sent a chunk, killed")
@pytest.mark.slow
def test_chunk_sent_to_a_frozen_worker_that_is_then_killed_is_rendered_elsewhere(
    system: System, entry: Entry
) -> None:
    names = [f"render{index}" for index in range(WORKERS)]

    def freeze() -> None:
        for name in names:
            system.freeze(name)

    def kill_one() -> None:
        system.kill_all_of(killed := process_of(await_row(system, 0, Stage.SENT)))
        for name in set(names) - {killed}:
            system.thaw(name)

    survive(system, [speech(seed=4, seconds=3)], kill_one, entry, before=freeze)


@pytest.mark.fault("dispatch worker killed -9 and started again, mid-job")
@pytest.mark.slow
def test_job_goes_on_over_a_restart_of_dispatch(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=0.3 all")

    def hurt() -> None:
        await_row(system, 3)
        system.kill_all_of("dispatch")
        system.start("dispatch")

    survive(system, [speech(seed=9, seconds=5)], hurt, entry)


@pytest.mark.fault("a chunk kills each process that it meets")
def test_chunk_that_kills_all_it_meets_is_replaced_and_the_workers_come_back(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("kill 2")
    seen = survive(system, [speech(seed=5, seconds=4)], lambda: None, entry, replaced=[1])
    (job,) = records(system, seen)
    assert "died" in job.warning or "overdue" in job.warning
    system.await_that(lambda: count_workers(system) == WORKERS, "back")


@pytest.mark.fault("no worker at all")
def test_without_workers_posts_are_refused_and_the_job_ends_with_its_true_sound(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("hold=30 3")

    def hurt() -> None:
        await_row(system, 3)
        system.await_that(lambda: is_done_up_to(system, 3), "done up to there")
        for index in range(WORKERS):
            system.kill_all_of(f"render{index}")
        system.await_that(lambda: system.client.readiness()["render"] is False, "missed")
        refused = system.client.post(wav(speech(seed=6, seconds=1)))
        assert (refused.status, refused.body["error"]["code"]) == (503, "no_render_worker")
        assert refused.retry_after_s > 0
        told = system.client.readiness()
        assert [part for part, is_there in told.items() if is_there is False] == ["ready", "render"]

    survive(system, [speech(seed=7, seconds=3)], hurt, entry, replaced=[1])
