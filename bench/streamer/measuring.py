"""CPU time of a process that feeds, and of what it started: its ffmpeg, and pushers."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wire.media import FPS

MEASURED_S = 6.0
WARM_S = 1.5
SLACK_S = 0.4


class TooBusyError(Exception):
    """The machine had no time for the stream: one side sent late, the other dropped frames."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for a second of stream: of the process that feeds, and of those that it started."""

    feeder: float
    children: float

    @property
    def whole(self) -> float:
        return self.feeder + self.children


def measured(pid: int, ticks: Callable[[], int]) -> Cost:
    """Return what the process and its children cost over `MEASURED_S`, once they have run for a while.

    `ticks` returns how many were sent so far.

    Raises:
        TooBusyError: they were not sent in real time.
    """
    time.sleep(WARM_S)
    children = _children(pid)
    sent, before = ticks(), (_cpu_s(pid), sum(map(_cpu_s, children)))
    time.sleep(MEASURED_S)
    after, stream_s = (_cpu_s(pid), sum(map(_cpu_s, children))), (ticks() - sent) / FPS
    if abs(stream_s - MEASURED_S) > SLACK_S:
        raise TooBusyError
    feeder, others = ((late - early) / stream_s for late, early in zip(after, before, strict=True))
    return Cost(feeder, others)


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
