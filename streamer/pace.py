"""When ticks are due: start plus ticks over rate, on the monotonic clock, never by repeated sleeps."""

import math
from dataclasses import dataclass

from wire.media import FPS

LATE_S = 0.010
"""A tick this far behind its time counts as late: frame pace is to hold within 10 ms."""
CATCH_UP_TICKS = 2 * FPS
"""Ticks missed that are sent at once, so that a short stall leaves no hole: players have a few seconds in
hand. After a longer one they are skipped: viewers have starved already, and a burst would overrun ffmpeg."""

STALL_S = 1.0
"""Whoever stood still for so long asks first whether the channel is still its own: a standby that takes over
waits `streamer.watch.LEASE_S` from the last beat, which came up to `BEAT_S` before the stall."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Tick `k` is due at `start_s + k / 25`."""

    start_s: float

    def due_s(self, tick: int) -> float:
        """Return when the tick is due."""
        return self.start_s + tick / FPS

    def is_late(self, tick: int, now_s: float) -> bool:
        """Return whether the tick counts as late if it is sent now."""
        return now_s - self.due_s(tick) > LATE_S

    def has_stalled(self, tick: int, now_s: float) -> bool:
        """Return whether nothing can have been sent for long before the tick, if it is sent now."""
        return now_s - self.due_s(tick) > STALL_S

    def to_skip(self, tick: int, now_s: float) -> int:
        """Return how many ticks, from this one on, are given up at `now_s`."""
        behind = math.floor((now_s - self.due_s(tick)) * FPS)
        return behind if behind > CATCH_UP_TICKS else 0
