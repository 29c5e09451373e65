"""One streamer sends a channel at a time; another stands by, and goes on where the first had got to."""

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.show import Show, judged, show
from tests.faults.accounts import absent_frames
from tests.faults.ledger import Entry
from tests.faults.verdict import await_aired, broker, records, survive
from tests.metering.chirps import speech, wav
from tests.metering.faults import Kind
from tests.metering.recording import Reader, joined
from tests.system import System
from wire import jobs, leases

pytestmark = pytest.mark.slow

AWAIT_S = 30.0
GAP = "s without a picture"
GAP_KILLED_S, GAP_FROZEN_S = 3.0, 6.0
GAP_STARTED_S = 5.0
"""With no standby: a streamer that is started has its programs to load first."""
HELD_FRAMES = 2
"""A pusher sends a picture once it has later sound: what it held as its streamer froze is cut off with it."""
YIELDS_S = 1.0
"""In which a streamer that stood still has ended all that it sends with."""


@pytest.fixture
def standby(system: System) -> str:
    """One more streamer, which stands by behind the system's own."""
    system.await_that(lambda: holds(system, "streamer"), "sent by its streamer", AWAIT_S)
    log = system.log("standby")
    known = len(log.read_text()) if log.exists() else 0
    name = system.add_standby()
    system.await_that(lambda: "stands by" in log.read_text()[known:], "with a standby", AWAIT_S)
    return name


def holds(system: System, name: str) -> bool:
    """Return whether that streamer holds the channel."""
    pid = system.pids()[name][0]
    return f"-{pid}-" in leases.load(broker(system), "main").holder


def speak_while(system: System, seed: int, hurt: Callable[[], object]) -> Show:
    def hurt_mid_job() -> None:
        await_aired(system, 40)
        hurt()

    return show(system, [speech(seed, seconds=8)], hurt_mid_job)


def check(
    system: System, seen: Show, entry: Entry, gap_s: float = GAP_KILLED_S, skipped_frames: int = 0
) -> None:
    """Check that no more was skipped, timestamps rose and the gap was short enough; note it in `entry`."""
    (job,) = records(system, seen)
    assert (job.state, job.frames_aired, job.degraded) == ("done", job.frames, False)
    absent = absent_frames(job, seen.stream)
    assert len(absent) <= skipped_frames, f"{absent}\n{seen.report}"
    entry.missing_frames.append(len(absent))
    assert all(one.pts_s < next_.pts_s for one, next_ in pairwise(seen.stream.pictures)), str(seen.report)
    entry.gaps_s.append(seen.report.worst_gap_arrival_s)
    entry.keep(GAP, entry.gaps_s[-1], gap_s)


@pytest.mark.fault("streamer killed -9 mid-job, with a standby")
def test_standby_goes_on_with_the_job_of_a_killed_streamer(
    system: System, standby: str, entry: Entry
) -> None:
    seen = speak_while(system, 71, lambda: system.kill("streamer"))
    check(system, seen, entry)
    assert holds(system, standby)


@pytest.mark.fault("TERM to the streamer mid-job, with a standby")
def test_standby_goes_on_with_the_job_of_a_streamer_that_ends(
    system: System, standby: str, entry: Entry
) -> None:
    seen = speak_while(system, 72, lambda: system.end("streamer"))
    check(system, seen, entry)
    assert Kind.DOUBLE not in seen.report.kinds(), str(seen.report)
    assert holds(system, standby)


@pytest.mark.fault("two streamers started at once")
def test_of_two_streamers_that_start_at_once_one_sends(system: System, entry: Entry) -> None:
    system.end("streamer")
    names = ("streamer", system.add_standby())
    system.start("streamer")
    ever: set[frozenset[str]] = set()

    def look() -> frozenset[str]:
        ever.add(senders := frozenset(name for name in names if pushers(system, name)))
        return senders

    def look_while_it_speaks() -> None:
        (job_id,) = jobs.playlist(broker(system), "main")
        system.await_that(lambda: bool(look()) and system.client.is_over(job_id), "spoken", AWAIT_S)

    system.await_that(lambda: bool(look()) and system.client.is_ready(), "on air", AWAIT_S)
    survive(system, [speech(seed=75, seconds=6)], look_while_it_speaks, entry)
    assert {len(senders) for senders in ever} <= {0, 1}, ever


def pushers(system: System, name: str) -> list[int]:
    """Return the processes by which a streamer sends, if it does."""
    found = []
    for pid in system.children(name):
        with suppress(OSError):  # it ends while it is looked at
            found += [pid] if "streamer.pusher" in Path(f"/proc/{pid}/cmdline").read_text() else []
    return found


@pytest.mark.fault("streamer killed -9 mid-job, and started again")
def test_streamer_started_again_goes_on_with_its_job(system: System, entry: Entry) -> None:
    def hurt() -> None:
        system.kill("streamer")
        system.start("streamer")

    check(system, speak_while(system, 73, hurt), entry, GAP_STARTED_S)


@pytest.mark.fault("streamer frozen mid-job, past its lease, then awake")
def test_streamer_that_stood_still_does_not_send_beside_its_successor(
    system: System, standby: str, entry: Entry
) -> None:
    sound = speech(74, seconds=8)
    with Reader(system.rtmp_url) as before:
        job_id = system.client.speak(wav(sound))
        await_aired(system, 40)
        system.freeze("streamer")
        system.await_that(lambda: holds(system, standby), "taken over", AWAIT_S)
        with Reader(system.rtmp_url) as after:
            system.thaw("streamer")
            began = time.monotonic()
            system.await_that(lambda: not system.children("streamer"), "one sender", AWAIT_S)
            assert time.monotonic() - began < 3 * YIELDS_S
            system.await_that(lambda: system.client.is_over(job_id), "spoken", AWAIT_S)
            after.wait_for(pictures=25)
    seen = judged(system, joined(before.recording, after.recording), {job_id: sound})
    check(system, seen, entry, GAP_FROZEN_S, HELD_FRAMES)
    assert holds(system, standby)
