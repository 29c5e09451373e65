"""What a worker cannot render, or renders wrongly, is rendered again elsewhere, and in the end replaced."""

import re
from collections.abc import Callable

import pytest

from tests.faults.conftest import WORKERS, count_workers
from tests.faults.ledger import Entry
from tests.faults.verdict import records, survive
from tests.metering.chirps import speech
from tests.system import System

Plan = Callable[[str], object]
HANGS_S, HANGS_FULL_S = 20, 600
"""Longer than three leases; in full runs longer than a process may hang before it is ended."""


@pytest.mark.fault("a chunk always raises")
def test_chunk_that_always_raises_is_replaced_and_the_rest_airs(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("raise 2")
    seen = survive(system, [speech(seed=21, seconds=4)], lambda: None, entry, replaced=[1])
    (job,) = records(system, seen)
    assert job.warning.endswith("MadeUpError: chunk 2 fails, as it was told to")
    tries = [
        system.log(f"render{index}").read_text().count(f"job {job.id} chunk 2 attempt")
        for index in range(WORKERS)
    ]
    assert sum(tries) == 3


@pytest.mark.fault("wrong count, size and pixels")
def test_wrong_output_is_refused_and_the_chunk_rendered_again(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("short 0:1\nlong 1:1\nlarge 2:1\nnan 3:1")
    survive(system, [speech(seed=22, seconds=4)], lambda: None, entry)


@pytest.mark.slow
@pytest.mark.fault("a worker raises on every chunk")
def test_worker_that_always_raises_costs_no_chunk_while_another_is_good(system: System, entry: Entry) -> None:
    bad = system.folder / "bad"
    bad.write_text("raise all")
    for index in range(1, WORKERS):
        system.end(f"render{index}")
    name = system.add_worker(WORKERS, MADE_UP_FAULTS=str(bad))
    system.await_that(lambda: count_workers(system) == 2, "alive")
    seen = survive(system, [speech(seed=23, seconds=4)], lambda: None, entry)
    (job,) = records(system, seen)
    assert re.search(rf"job {job.id} chunk \d+ attempt \d+ failed", system.log(name).read_text())


@pytest.mark.fault("a chunk never ends")
@pytest.mark.slow
def test_chunk_that_hangs_wherever_it_is_tried_is_replaced_and_the_workers_come_back(
    system: System, plan: Plan, entry: Entry, is_full: bool
) -> None:
    plan(f"hold={HANGS_FULL_S if is_full else HANGS_S} 2")
    survive(system, [speech(seed=24, seconds=4)], lambda: None, entry, replaced=[1])
    system.await_that(lambda: count_workers(system) == WORKERS, "back")
