"""Either Redis server may be full: what would fill it waits, workers live on, and nothing is lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from redis import Redis

from tests.faults.conftest import WORKERS
from tests.faults.ledger import Entry
from tests.faults.verdict import await_row, broker, frames, survive
from tests.metering.chirps import speech, wav
from tests.system import System
from wire import chunks, jobs
from wire.chunks import Stage

FULL_S, FULL_LONG_S = 2.0, 10.0
"""How long a server is full, and how long in full runs."""
PARTS = ("prepare", "dispatch", "streamer", "api", *(f"render{index}" for index in range(WORKERS)))

Plan = Callable[[str], object]


@contextmanager
def full(client: Redis) -> Iterator[None]:
    """Let the server, which evicts nothing, take nothing more."""
    before = str(client.config_get("maxmemory")["maxmemory"])
    client.config_set("maxmemory", int(client.info("memory")["used_memory_startup"]))
    try:
        yield
    finally:
        client.config_set("maxmemory", before)


def children(system: System) -> dict[str, list[int]]:
    """Return what each part has started itself: a process of a pool that ends is started anew."""
    return {name: system.children(name) for name in PARTS}


@pytest.mark.fault("frames server full mid-job")
def test_chunks_wait_for_a_full_frames_server(
    system: System, plan: Plan, entry: Entry, is_full: bool
) -> None:
    plan("hold=0.4 all")

    def hurt() -> None:
        await_row(system, 1)
        with full(frames(system)):
            time.sleep(FULL_LONG_S if is_full else FULL_S)

    before = children(system)
    survive(system, [speech(seed=51, seconds=3)], hurt, entry)
    assert children(system) == before


@pytest.mark.fault("broker full mid-job")
def test_workers_live_on_while_the_broker_is_full_and_posts_are_refused(
    system: System, plan: Plan, entry: Entry, is_full: bool
) -> None:
    plan("hold=1 all")

    def hurt() -> None:
        system.await_that(lambda: is_queued(system), "queued")  # a message is taken while nothing is written
        with full(broker(system)):
            end = time.monotonic() + (FULL_LONG_S if is_full else FULL_S)
            while time.monotonic() < end:
                answer = system.client.post(wav(speech(seed=9, seconds=1)))
                assert (answer.status, answer.body["error"]["code"]) == (503, "broker_full")

    before = children(system)
    survive(system, [speech(seed=52, seconds=4)], hurt, entry)
    assert children(system) == before


def is_queued(system: System) -> bool:
    """Return whether a chunk of the job waits at a worker that is at another."""
    (job_id,) = jobs.playlist(broker(system), "main")
    rows = chunks.table(broker(system), job_id).values()
    at_work = {row.worker for row in rows if row.stage is Stage.RUNNING}
    return any(row.stage is Stage.SENT and row.worker in at_work for row in rows)
