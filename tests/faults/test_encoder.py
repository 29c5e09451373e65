"""An encoder that ends or stands still is replaced, and what was lost meanwhile is told."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.e2e.show import show
from tests.faults.accounts import absent_frames
from tests.faults.ledger import Entry
from tests.faults.verdict import await_aired, check_but_holes, records
from tests.metering.chirps import speech
from tests.system import System

GAP = "s without a picture"
BESIDE_S = 4.0
"""What is spoken before and after the gap."""
GAP_KILLED_S, GAP_FROZEN_S = 2.0, 8.0


def encoder(system: System) -> int:
    """Return the process id of the streamer's ffmpeg."""
    (found,) = (pid for pid in system.children("streamer") if "ffmpeg" in name(pid))
    return found


def name(pid: int) -> str:
    """Return what the process runs; nothing once it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text()
    return ""


def reconnects(system: System) -> int:
    """Return how often the stream was published again to the server that viewers read from."""
    return int(system.client.targets()["rtmp1"]["reconnects"])


def check(system: System, entry: Entry, seed: int, number: signal.Signals, gap_s: float) -> None:
    """Send ffmpeg a signal mid-job; check that what is missing is told and the rest right, and the gap short.

    A server that drops a silent publisher, as nginx does here after 3 s, has it come back with a keyframe:
    its viewers miss up to a group of pictures more than the job's record says.
    """

    def hurt() -> None:
        await_aired(system, 40)
        os.kill(encoder(system), number)

    before = reconnects(system)
    seen = show(system, [speech(seed, seconds=BESIDE_S + gap_s)], hurt)
    (job,) = records(system, seen)
    absent = absent_frames(job, seen.stream)
    assert (job.state, job.frames_aired, job.degraded) == ("done", job.frames, True)
    assert 0 < job.frames_lost <= len(absent), f"{job}\n{seen.report}"
    assert job.frames_lost == len(absent) or reconnects(system) > before, f"{job}\n{absent}\n{seen.report}"
    check_but_holes(seen)
    entry.gaps_s.append(seen.report.worst_gap_arrival_s)
    entry.missing_frames.append(len(absent))
    entry.keep(GAP, entry.gaps_s[-1], gap_s)


@pytest.mark.fault("ffmpeg killed -9 mid-job")
def test_killed_encoder_is_replaced_and_its_job_goes_on(system: System, entry: Entry) -> None:
    check(system, entry, 81, signal.SIGKILL, GAP_KILLED_S)


@pytest.mark.fault("ffmpeg frozen mid-job")
@pytest.mark.slow
def test_frozen_encoder_is_replaced_and_its_job_goes_on(system: System, entry: Entry) -> None:
    check(system, entry, 82, signal.SIGSTOP, GAP_FROZEN_S)
