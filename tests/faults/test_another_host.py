"""A render worker on another host takes its share; over a cut link it loses its chunks, and no more."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.show import show
from tests.faults import hosts
from tests.faults.accounts import paused_s
from tests.faults.conftest import count_workers
from tests.faults.hosts import Host
from tests.faults.ledger import Entry
from tests.faults.verdict import broker, records
from tests.made_up import faults_file, made_up
from tests.metering.chirps import speech, wav
from tests.metering.faults import Kind
from tests.system import System
from wire import chunks, jobs
from wire.chunks import Stage

CUT_S, CUT_LONG_S = 5.0, 10.0
"""For how long the link is cut, and how long in full runs."""
AGAIN_S = 30.0
FAR = "gpu.test.1"
VEILED = {Kind.MISSING}
"""What a frame of speech that resumes may look like: hidden in a mixture."""
AGAIN = "s from the job's end until the worker, linked again, rendered again"


@pytest.fixture
def far() -> Iterator[Host]:
    if why := hosts.reason():
        pytest.skip(why)
    with hosts.host() as made:
        yield made


@pytest.fixture
def wide(tmp_path: Path, far: Host) -> Iterator[System]:
    """A system with one render worker here and one on the far host.

    It is the only one that runs: this module comes before those that share a system.
    """
    made = made_up(tmp_path)
    made.listen(far.address)
    faults_file(tmp_path).write_text("hold=0.3 all")  # so that both have work to do
    names = ("LIVE_BROKER_URL", "LIVE_FRAMES_URL")
    urls = {name: made.environment[name].replace("127.0.0.1", far.address) for name in names}
    with made as running:
        running.add_worker(1, far.run, **urls)
        running.await_that(lambda: count_workers(running) == 2, "joined by the far worker")
        yield running


@pytest.mark.fault("link to a render worker's host cut mid-job")
def test_chunks_of_a_host_that_is_cut_off_go_to_others_and_it_comes_back(
    wide: System, far: Host, entry: Entry, is_full: bool
) -> None:
    def hurt() -> None:
        wide.await_that(lambda: is_at(wide, FAR, Stage.RUNNING), "at work", AGAIN_S)
        far.cut()
        time.sleep(CUT_LONG_S if is_full else CUT_S)
        far.mend()

    seen = show(wide, [speech(seed=61, seconds=4)], hurt)
    (job,) = records(wide, seen)
    assert (job.state, job.frames_aired, job.chunks_replaced) == ("done", job.frames, 0)
    assert [fault for fault in seen.faults if fault.kind not in VEILED] == [], str(seen.report)
    entry.paused_s.append(paused_s(job, seen.stream))
    began = time.monotonic()
    wide.await_that(lambda: takes_part(wide, FAR), "rendered at again", AGAIN_S)
    entry.figures.setdefault(AGAIN, []).append(time.monotonic() - began)


def takes_part(system: System, worker: str) -> bool:
    """Post a job if there is none; return whether the worker rendered a chunk of the channel's first."""
    if not jobs.playlist(broker(system), "main"):
        system.client.speak(wav(speech(seed=62, seconds=2)))
    return is_at(system, worker, Stage.DONE)


def is_at(system: System, worker: str, stage: Stage) -> bool:
    tables = [chunks.table(broker(system), job) for job in jobs.playlist(broker(system), "main")[:1]]
    return any((row.worker, row.stage) == (worker, stage) for rows in tables for row in rows.values())
