"""A render worker that dies takes no speech with it: its chunk is rendered elsewhere."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.ledger import Entry
from tests.faults.verdict import await_row, process_of, survive
from tests.metering.chirps import speech
from tests.system import System

Plan = Callable[[str], object]
ELSEWHERE = "s from the kill to the chunk running elsewhere"
RUNS = 20


@pytest.mark.fault("whole worker killed -9 in a chunk")
@pytest.mark.runs(RUNS)
def test_chunk_of_a_killed_worker_is_rendered_elsewhere(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=30 3:1")

    def hurt() -> None:
        row = await_row(system, 3)
        system.kill_all_of(process_of(row))
        began = time.monotonic()
        assert await_row(system, 3, attempt=2).worker != row.worker
        entry.figures.setdefault(ELSEWHERE, []).append(time.monotonic() - began)

    survive(system, [speech(seed=1, seconds=4)], hurt, entry)


@pytest.mark.fault("render process killed -9 in a chunk")
@pytest.mark.runs(RUNS)
def test_chunk_of_a_killed_render_process_is_rendered_again(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=30 3:1")

    def hurt() -> None:
        row = await_row(system, 3)
        for pid in system.children(process_of(row)):
            os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        await_row(system, 3, attempt=2)
        entry.figures.setdefault(ELSEWHERE, []).append(time.monotonic() - began)

    survive(system, [speech(seed=2, seconds=4)], hurt, entry)
