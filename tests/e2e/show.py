"""Posting sounds to a running system, and what its viewers get meanwhile."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.meter import Fault, Kind, Reader, Report, Sent, judge, view
from tests.metering import timing
from tests.metering.chirps import wav
from tests.metering.recording import Recording
from tests.metering.stream import Picture, Stream
from tests.system import System
from wire.media import AIR_RATE_HZ, FPS

BEFORE_AND_AFTER = FPS
"""Pictures of idle that are received before the first job and after the last."""
WAIT_S = 60.0
"""What jobs may take beyond their own length: a start on a busy machine, and the end's report."""
HELD_BACK_S = 3.0
"""A busy machine may hold pictures back for so long; their timestamps are judged all the same."""


@dataclass(frozen=True, slots=True)
class Show:
    """What was received while jobs were spoken, and what the API said of them afterwards."""

    stream: Stream
    report: Report
    jobs: tuple[dict[str, Any], ...]

    @property
    def faults(self) -> list[Fault]:
        """What was wrong, but for what a busy machine may cause."""
        return inexcusable(self.report.faults, self.stream.pictures)


def show(
    system: System,
    sounds: Sequence[NDArray[np.int16]],
    meanwhile: Callable[[], object] = lambda: None,
    before: Callable[[], object] = lambda: None,
    channel: str = "main",
) -> Show:
    """Post `sounds` at once, one after the other, and receive the stream until after they were spoken.

    `before` is called right before they are posted, `meanwhile` right after.
    """
    with Reader(system.url_of(channel)) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        before()
        ids = [system.client.speak(wav(sound), channel=channel) for sound in sounds]
        meanwhile()
        seconds = sum(map(len, sounds)) / AIR_RATE_HZ
        system.await_that(lambda: all(map(system.client.is_over, ids)), "spoken", seconds + WAIT_S)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    return judged(system, reader.recording, dict(zip(ids, sounds, strict=True)))


def judged(system: System, recording: Recording, sent: Mapping[str, NDArray[np.int16]]) -> Show:
    """Return what was received of the jobs `sent`, and what the API says of them."""
    stream = view(recording)
    report = judge(stream, [Sent(job_id, sound) for job_id, sound in sent.items()])
    return Show(stream, report, tuple(map(system.client.job, sent)))


def assert_spoken(seen: Show, *frames: int) -> None:
    """Check that the stream was right, and that the jobs' records say the same."""
    assert not seen.faults, str(seen.report)
    assert [job.frames for job in seen.report.jobs] == list(frames)
    told = [(job["state"], job["frames"], job["frames_aired"], job["degraded"]) for job in seen.jobs]
    assert told == [("done", count, count, False) for count in frames]


def inexcusable(faults: Iterable[Fault], pictures: Sequence[Picture]) -> list[Fault]:
    """Return `faults` less those that a busy machine may cause.

    They are a start that is softened, as its planned frame was missed, a body that turns, as speech was late,
    and pictures that come late by `HELD_BACK_S` at most.
    """
    held_back_s = timing.worst_gap([picture.arrival_s for picture in pictures])
    excused = {Kind.CROSS, Kind.TURN} | ({Kind.STALL} if held_back_s <= HELD_BACK_S else set())
    return [fault for fault in faults if fault.kind not in excused]
