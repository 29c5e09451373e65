"""A streamer that gets no time again and again: what is due is sent late, all of it, and nothing piles up."""

import time
from pathlib import Path

import pytest

from tests.faults.ledger import Entry
from tests.faults.verdict import await_aired, broker, frames, survive
from tests.metering.chirps import speech
from tests.system import System
from wire import channels

STARVED_S, STARVED_FULL_S = 6.0, 30.0
STANDS_S, RUNS_S = 0.4, 0.1
"""So it has a fifth of a core's time."""
GROWS_MB = 64
"""The encoder's queue, full, takes 26 MB at the clip's size; what is read ahead about as much."""
WINDOW_MB = 64
"""Of frames that wait for their time: a window of this clip takes 10."""
MB = 2**20


def starve(system: System, seconds: float) -> int:
    """Let the streamer run now and then; return what the frames server held at most, in bytes."""
    held = [0]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        system.freeze("streamer")
        held.append(int(frames(system).info("memory")["used_memory"]))
        time.sleep(STANDS_S)
        system.thaw("streamer")
        time.sleep(RUNS_S)
    return max(held)


def resident_bytes(system: System) -> int:
    """Return the memory of the streamer's own that is in use."""
    status = Path(f"/proc/{system.pids()['streamer'][0]}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("RssAnon:"))
    return int(line.split()[1]) * 1024


@pytest.mark.fault("streamer starved: stands still four fifths of the time")
@pytest.mark.slow
def test_starved_streamer_is_late_and_sends_it_all(system: System, entry: Entry, is_full: bool) -> None:
    seconds = STARVED_FULL_S if is_full else STARVED_S
    before, late = resident_bytes(system), ticks_late(system)
    held = []

    def hurt() -> None:
        await_aired(system, 40)
        held.append(starve(system, seconds))

    survive(system, [speech(95, seconds + 4)], hurt, entry)
    system.await_that(lambda: ticks_late(system) > late, "counted as late", 30)
    assert resident_bytes(system) - before < GROWS_MB * MB
    assert held[0] < WINDOW_MB * MB
    entry.figures.setdefault("ticks that were late", []).append(ticks_late(system) - late)


def ticks_late(system: System) -> int:
    return channels.counters(broker(system), "main")["ticks_late"]
