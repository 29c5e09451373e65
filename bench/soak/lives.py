"""Each process over its life: how its memory goes, and whether it holds more and more. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

WARM_S = 1200.0
"""By then what is loaded or made once is there, and heaps have found their size: from a process's start."""
JUDGED_S = 1200.0
"""A slope over less, an hour's hundredth of which is a few pages, says nothing."""
SHARE = 5
"""The first and the last of so many parts of a life are compared."""
FLOOR_S = 300.0
"""What a process holds at its least in such a time it does not give back; above it memory comes and goes, in
ffmpeg by a sixth from second to second."""
GROWTH, GROWTH_MB = 1.0, 1.0
"""Per cent and megabytes an hour: what does not come to both is within what heaps sway by."""
POOLED = 2
"""Threads that a pool starts late, in the first moment in which so many requests come at once."""
WARM_JOBS, JUDGED_JOBS = 3, 8
"""What jobs need once is there after so many of them, and so many more tell what each leaves behind."""
LEFT = 0.5
"""Descriptors, threads or children more for each job: so many are left behind, and do not come by chance."""
KINDS = ("descriptors", "threads", "children")


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at a moment of the monotonic clock; `mb` is memory of its own (RssAnon), `jobs` how many
    were over."""

    at_s: float
    mb: float
    descriptors: int
    threads: int
    children: int
    jobs: int = 0


@dataclass(frozen=True, slots=True)
class Life:
    """One process, from its first sample on or, where it lives long enough, from when it is warm."""

    name: str
    samples: Sequence[Sample]

    @property
    def span_s(self) -> float:
        return self.samples[-1].at_s - self.samples[0].at_s

    @property
    def is_judged(self) -> bool:
        return self.span_s >= JUDGED_S

    @property
    def mb(self) -> float:
        """Its memory in the mean."""
        return float(np.mean([sample.mb for sample in self.samples]))

    @property
    def growth(self) -> float:
        """Per cent an hour by which its memory grows: the slope of the line with the least squares.

        It goes through what is held at the least in each `FLOOR_S`; 0 in a life of fewer than two of these.
        """
        return 100 * self._growth_mb() / self.mb if self.mb else 0.0

    @property
    def grows(self) -> bool:
        """Whether its memory grows, as far as its life can tell."""
        return self.is_judged and self.growth >= GROWTH and self._growth_mb() >= GROWTH_MB

    def _growth_mb(self) -> float:
        floors = self._floors()
        if len(floors) < 2:
            return 0.0
        slope, _ = np.polyfit(np.arange(len(floors)) * FLOOR_S / 3600, floors, 1)
        return float(slope)

    def _floors(self) -> list[float]:
        """Return what is held at the least in each whole `FLOOR_S` of the life."""
        least = [math.inf] * int(self.span_s / FLOOR_S)
        for sample in self.samples:
            part = int((sample.at_s - self.samples[0].at_s) / FLOOR_S)
            if part < len(least):
                least[part] = min(least[part], sample.mb)
        return least

    def leaks(self) -> list[str]:
        """Return what it has more and more of: with time, or with each job."""
        return [kind for kind in KINDS if self._rises(kind) or self._gathers(kind)]

    def _rises(self, kind: str) -> bool:
        """Return whether it has more in all of its life's last part than at any time in the first.

        While a process gets warm it opens connections: of a short life nothing can be told.
        """
        part = max(1, len(self.samples) // SHARE)
        more = _least(self.samples[-part:], kind) - _most(self.samples[:part], kind)
        return self.is_judged and more > (POOLED if kind == "threads" else 0)

    def _gathers(self, kind: str) -> bool:
        """Return whether jobs leave some behind, which a short life tells too."""
        warm = [sample for sample in self.samples if sample.jobs - self.samples[0].jobs >= WARM_JOBS]
        jobs = warm[-1].jobs - warm[0].jobs if warm else 0
        return jobs >= JUDGED_JOBS and _least(warm[-2:], kind) - _least(warm[:1], kind) >= LEFT * jobs


def longest(lives: Iterable[Life]) -> list[Life]:
    """Return of each name the process that lived longest, in order of names."""
    found: dict[str, Life] = {}
    for life in lives:
        if life.name not in found or life.span_s > found[life.name].span_s:
            found[life.name] = life
    return [found[name] for name in sorted(found)]


def life(name: str, samples: Sequence[Sample]) -> Life:
    """Return a process's life of all of its samples, at least one."""
    warm = [sample for sample in samples if sample.at_s - samples[0].at_s >= WARM_S]
    return Life(name, warm or samples)


def _least(samples: Sequence[Sample], kind: str) -> int:
    return min(int(getattr(sample, kind)) for sample in samples)


def _most(samples: Sequence[Sample], kind: str) -> int:
    return max(int(getattr(sample, kind)) for sample in samples)
