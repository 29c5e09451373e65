"""Either Redis server may be wiped, killed or frozen: the stream goes on, and so do jobs, or they say why."""

import shutil
import time

import pytest

from tests.e2e.show import BEFORE_AND_AFTER, Show, judged, show
from tests.faults.ledger import Entry
from tests.faults.verdict import await_row, broker, frames, records, survive
from tests.metering.chirps import speech, wav
from tests.metering.faults import Fault, Kind
from tests.metering.recording import Reader
from tests.system import System
from wire import jobs
from wire.chunks import Stage
from workers.housekeeping import LOST

FROZEN_S, FROZEN_FULL_S = 6.0, 20.0
"""How long a server stands still or is away, and how long in full runs."""
AGAIN_S = 30.0
"""A server that is back is used again, and a lost job told of, within 10 s; tests grant three times that."""
IN_FULL = "in full runs only: others hurt the same"
AGAIN = "s until all parts work with it again"
ANSWERED = "s at most until a request was answered"


def restart(system: System, name: str) -> None:
    """Kill a server, and start it again."""
    system.kill(name)
    system.start(name)


def restart_empty(system: System) -> None:
    """Kill the broker, and start it again with nothing of what it kept."""
    system.kill("broker")
    shutil.rmtree(system.folder / "broker")
    (system.folder / "broker").mkdir()
    system.start("broker")


def await_again(system: System, entry: Entry) -> None:
    began = time.monotonic()
    system.await_ready(AGAIN_S)
    entry.figures.setdefault(AGAIN, []).append(time.monotonic() - began)


def assert_works(system: System, seed: int) -> None:
    """Check that what is posted now is spoken."""
    seen = show(system, [speech(seed, seconds=0.6)])
    assert not seen.faults, str(seen.report)


@pytest.mark.fault("broker killed -9 and started again, mid-job")
def test_job_goes_on_over_a_restart_of_the_broker(system: System, entry: Entry) -> None:
    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        restart(system, "broker")
        await_again(system, entry)

    survive(system, [speech(seed=41, seconds=3)], hurt, entry)
    assert_works(system, seed=42)


@pytest.mark.fault("broker wiped mid-job")
@pytest.mark.slow
@pytest.mark.parametrize("way", ["flushed", "started again with nothing"])
def test_job_that_a_wiped_broker_lost_ends_and_says_why(
    system: System, entry: Entry, way: str, is_full: bool
) -> None:
    if way != "flushed" and not is_full:
        pytest.skip(IN_FULL)

    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        (job_id,) = jobs.playlist(broker(system), "main")
        if way == "flushed":
            broker(system).flushall()
        else:
            restart_empty(system)
        await_again(system, entry)
        system.await_that(lambda: system.client.get(f"/jobs/{job_id}").status == 200, "told of", AGAIN_S)

    seen = show(system, [speech(seed=43, seconds=12)], hurt)
    (job,) = seen.jobs
    assert (job["state"], job["error"]) == ("failed", LOST)
    assert but_missing(seen) == [], str(seen.report)
    assert_works(system, seed=44)


def but_missing(seen: Show) -> list[Fault]:
    return [fault for fault in seen.faults if fault.kind is not Kind.MISSING]


@pytest.mark.fault("frames server wiped mid-job")
def test_frames_that_were_wiped_are_rendered_again(system: System, entry: Entry) -> None:
    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        frames(system).flushall()

    seen = survive(system, [speech(seed=45, seconds=4)], hurt, entry)
    (job,) = records(system, seen)
    assert job.epoch > 0


@pytest.mark.fault("frames server killed -9 and started again, mid-job")
@pytest.mark.slow
def test_job_goes_on_over_a_restart_of_the_frames_server(system: System, entry: Entry) -> None:
    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        restart(system, "frames")
        await_again(system, entry)

    seen = survive(system, [speech(seed=46, seconds=5)], hurt, entry)
    (job,) = records(system, seen)
    assert job.epoch > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("server", "path"),
    [
        pytest.param("broker", "/jobs", marks=pytest.mark.fault("broker frozen mid-job")),
        pytest.param("frames", "/ready", marks=pytest.mark.fault("frames server frozen mid-job")),
    ],
)
def test_a_frozen_server_stops_nothing_and_nobody_waits_for_it(
    system: System, entry: Entry, is_full: bool, server: str, path: str
) -> None:
    if server == "frames" and not is_full:
        pytest.skip(IN_FULL)

    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        began = time.monotonic()
        system.freeze(server)
        while time.monotonic() < began + (FROZEN_FULL_S if is_full else FROZEN_S):
            asked = time.monotonic()
            assert system.client.get(path).status == 503
            if server == "broker":
                assert system.client.post(wav(speech(seed=9, seconds=1))).status == 503
            entry.figures.setdefault(ANSWERED, []).append(time.monotonic() - asked)
        system.thaw(server)
        await_again(system, entry)

    survive(system, [speech(seed=47, seconds=5)], hurt, entry)


def take_away(system: System, entry: Entry, is_full: bool) -> None:
    """Kill both servers, and start them again a while later."""
    for name in ("broker", "frames"):
        system.kill(name)
    time.sleep(FROZEN_FULL_S if is_full else FROZEN_S)
    for name in ("broker", "frames"):
        system.start(name)
    await_again(system, entry)


@pytest.mark.fault("both Redis servers away for 20 s, in idle")
@pytest.mark.slow
def test_idle_goes_on_without_either_server(system: System, entry: Entry, is_full: bool) -> None:
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        take_away(system, entry, is_full)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    seen = judged(system, reader.recording, {})
    assert not seen.faults, str(seen.report)
    assert_works(system, seed=48)


@pytest.mark.fault("both Redis servers away for 20 s, mid-job")
@pytest.mark.slow
def test_job_goes_on_when_both_servers_are_back(system: System, entry: Entry, is_full: bool) -> None:
    def hurt() -> None:
        await_row(system, 3, Stage.DONE)
        take_away(system, entry, is_full)

    survive(system, [speech(seed=49, seconds=8)], hurt, entry)
