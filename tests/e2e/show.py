"""Posting sounds to a running system, and what its viewers get meanwhile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.meter import Fault, Kind, Reader, Report, Sent, judge, view
from tests.metering.chirps import wav
from tests.metering.stream import Stream
from tests.system import System
from wire.media import AIR_RATE_HZ, FPS

BEFORE_AND_AFTER = FPS
"""Pictures of idle that are received before the first job and after the last."""
WAIT_S = 20.0
"""What jobs may take beyond their own length: a start on a busy machine, and the end's report."""


@dataclass(frozen=True, slots=True)
class Show:
    """What was received while jobs were spoken, and what the API said of them afterwards."""

    stream: Stream
    report: Report
    jobs: tuple[dict[str, Any], ...]

    @property
    def faults(self) -> list[Fault]:
        """What was wrong, but for softened starts: a busy machine may miss the planned frame."""
        return [fault for fault in self.report.faults if fault.kind != Kind.CROSS]


def show(
    system: System,
    sounds: Sequence[NDArray[np.int16]],
    meanwhile: Callable[[], object] = lambda: None,
) -> Show:
    """Post `sounds` at once, one after the other, and receive the stream until after they were spoken."""
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        ids = [system.client.speak(wav(sound)) for sound in sounds]
        meanwhile()
        seconds = sum(map(len, sounds)) / AIR_RATE_HZ
        system.await_that(lambda: all(map(system.client.is_over, ids)), "spoken", seconds + WAIT_S)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    stream = view(reader.recording)
    sent = [Sent(job_id, sound) for job_id, sound in zip(ids, sounds, strict=True)]
    return Show(stream, judge(stream, sent), tuple(map(system.client.job, ids)))
