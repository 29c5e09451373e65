"""How much of the processors' time this machine's host took away, which no program on it can answer for."""

from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple, Self

STAT = Path("/proc/stat")
EVERY_S = 0.5
MUCH = 0.2
"""Of all processors' time, in one sample: some 100 ms in which each of them stood still."""
STOLEN = 7
"""The place of stolen time among those of the line `cpu`, see proc_stat(5); two that follow are in the first
two already."""


class StolenTimeError(AssertionError):
    """A test failed while much of the time was stolen: the failure may be the host's, or a true one."""


class Ticks(NamedTuple):
    """Of all processors since the start, in hundredths of a second."""

    whole: int
    stolen: int


def read(stat: Path) -> Ticks:
    """Return what the kernel has counted."""
    first, *_ = stat.read_text().splitlines()
    counted = [int(field) for field in first.split()[1 : STOLEN + 2]]
    return Ticks(sum(counted), counted[STOLEN])


def share(before: Ticks, after: Ticks) -> float:
    """Return the stolen part of the time between, 0 to 1; none of a time that was not counted yet."""
    whole = after.whole - before.whole
    return (after.stolen - before.stolen) / whole if whole > 0 else 0.0


class Watch:
    """Looks now and then, from entering to leaving it; `worst` is the largest share of a sample so far."""

    def __init__(self, stat: Path = STAT) -> None:
        self._stat, self._before, self.worst = stat, read(stat), 0.0
        self._left = Event()
        self._thread = Thread(target=self._look, name="stolen", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._left.wait(EVERY_S):
            self.look()

    def look(self) -> None:
        """Take a sample: of the time since the last one."""
        after = read(self._stat)
        self.worst, self._before = max(self.worst, share(self._before, after)), after
