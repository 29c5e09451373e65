"""Whenever chunks are done, and however often they are asked for, each airs once, in its turn."""

from collections.abc import Callable

import pytest
from celery import Celery

from tests.faults.conftest import WORKERS, begin_anew
from tests.faults.ledger import Entry
from tests.faults.verdict import await_row, broker, survive
from tests.metering.chirps import speech
from tests.system import HOST, System
from wire import chunks, jobs, tallies
from wire.chunks import Stage
from wire.tallies import Tally

Plan = Callable[[str], object]


@pytest.fixture
def alike(system: System) -> System:
    """The shared system, its workers begun anew."""
    begin_anew(system)
    return system


@pytest.mark.fault("chunks done in reverse order")
def test_chunks_that_are_done_in_reverse_order_air_in_theirs(alike: System, plan: Plan, entry: Entry) -> None:
    plan("hold=1.4 0\nhold=1 1")

    def look() -> None:
        await_row(alike, 2, Stage.DONE)
        (job_id,) = jobs.playlist(broker(alike), "main")
        rows = chunks.table(broker(alike), job_id)
        assert Stage.DONE not in {rows[chunk].stage for chunk in (0, 1)}

    survive(alike, [speech(seed=31, seconds=3)], look, entry)


@pytest.mark.fault("one message delivered four times at once")
def test_message_that_comes_again_and_to_others_too_is_one_render(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("hold=0.8 3")

    def ring_again() -> None:
        row = await_row(system, 3)
        (job_id,) = jobs.playlist(broker(system), "main")
        with Celery(broker=system.environment["LIVE_BROKER_URL"]) as celery:
            for queue in (row.worker, *(f"gpu.{HOST}.{index}" for index in range(WORKERS))):
                celery.send_task("workers.render", args=(job_id, 3, row.attempt), queue=queue)

    counted = stale(system)
    seen = survive(system, [speech(seed=32, seconds=3)], ring_again, entry)
    assert set(seen.report.jobs[0].attempts.values()) == {frozenset({1})}
    assert stale(system) > counted


def stale(system: System) -> int:
    """Return how many messages came in vain since the broker was empty."""
    return tallies.read(broker(system))[Tally.STALE]
