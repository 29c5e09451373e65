"""Time on the GPU by its own clock, and what it can do at best."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch

WARM_UPS, TIMES = 3, 15
_SIDE = 8192  # of the square matrices whose product is the card's rate


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds: median, least and most of `TIMES` runs."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.median:.1f} ({self.least:.1f} to {self.most:.1f})"


def timed(work: Callable[[], object], times: int = TIMES, warm_ups: int = WARM_UPS) -> Timed:
    """Return how long the device takes for `work`, host time included where the device waits for it."""
    for _ in range(warm_ups):
        work()
    torch.cuda.synchronize()
    taken = []
    for _ in range(times):
        begin, end = _event(), _event()
        begin.record()
        work()
        end.record()
        end.synchronize()
        taken.append(begin.elapsed_time(end))
    return Timed(statistics.median(taken), min(taken), max(taken))


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch has no types here


def matrix_rate() -> float:
    """Return the card's rate of half-precision matrix products on random numbers, in TFLOP/s."""
    a, b = (torch.randn(_SIDE, _SIDE, device="cuda", dtype=torch.float16) for _ in range(2))
    return 2 * _SIDE**3 / timed(lambda: a @ b).median / 1e9
