"""A worker that stood still and goes on changes nothing on the air: its chunk has been given to another."""

import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import WORKERS, count_workers
from tests.faults.ledger import Entry
from tests.faults.verdict import await_row, broker, process_of, survive
from tests.metering.chirps import speech
from tests.system import System
from wire import tallies
from wire.tallies import Tally

Plan = Callable[[str], object]
FROZEN_S = 30.0
"""A process that overruns its lease by as much (`workers.heartbeat.HUNG_S`) ends without a word."""


@pytest.mark.fault("worker frozen in a chunk for 30 s")
def test_worker_frozen_in_a_chunk_comes_too_late_with_it(
    system: System, plan: Plan, entry: Entry, is_full: bool
) -> None:
    plan("hold=1.5 3")
    frozen = []

    def hurt() -> None:
        frozen.append(process_of(await_row(system, 3)))
        system.freeze(frozen[0])
        thaws = time.monotonic() + (FROZEN_S if is_full else 0)
        await_row(system, 3, attempt=2)
        time.sleep(max(0, thaws - time.monotonic()))
        system.thaw(frozen[0])  # if at once, two workers are at the chunk now

    counted = late(system)
    seen = survive(system, [speech(seed=11, seconds=4)], hurt, entry)
    told = f"job {seen.jobs[0]['id']} chunk 3 attempt 1 came too late"
    system.await_that(lambda: told in system.log(frozen[0]).read_text(), "told to be late", 30)
    system.await_that(lambda: late(system) > counted, "counted as late", 30)
    system.await_that(lambda: count_workers(system) == WORKERS, "back")


@pytest.mark.fault("one chunk rendered by two workers at once")
@pytest.mark.slow
def test_chunk_that_two_workers_render_at_once_airs_once(system: System, plan: Plan, entry: Entry) -> None:
    plan("hold=1 3")
    first = []

    def hurt() -> None:
        first.append(process_of(await_row(system, 3)))
        system.freeze(first[0])
        await_row(system, 3, attempt=2)
        system.thaw(first[0])

    counted = late(system)
    survive(system, [speech(seed=12, seconds=4)], hurt, entry)
    system.await_that(lambda: late(system) > counted, "counted as late", 30)


def late(system: System) -> int:
    """Return how many results came too late since the broker was empty."""
    return tallies.read(broker(system))[Tally.LATE]
