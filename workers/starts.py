"""When a job may start, so that no chunk of it comes late and the body's motion goes on. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from avatars.pose import Poses
from wire import chunks
from wire.media import CHUNK_FRAMES, FPS
from workers.leases import SLOWEST

MARGIN_S = 0.12
"""What a start grants beyond the predicted arrival: the way of a message and of a batch on a busy host."""

GIVES_WAY_S = 0.6
"""What a job needs to leave the air that is cut off: the streamer sees it within 0.4 s, then the mouth fades
out. The one that follows starts so much later."""


def lead_s(frames: int, speeds: Sequence[float], window_s: float = math.inf) -> float:
    """Return how long after its first chunk is handed out a job may start so that no chunk comes late.

    `speeds` are those of its engine's workers, in frames of this job a second; without any, as if one in real
    time. No more than half of `window_s`: nothing is handed out that airs after the window, so a start
    planned there would stay there. Workers that would need more are too slow for the job however long it
    waits.
    """
    rates = [speed or SLOWEST for speed in speeds] or [float(FPS)]
    free = [0.0] * len(rates)
    lead = 0.0
    for chunk in range(chunks.count(frames)):
        span = chunks.span(chunk, frames)
        if lead >= window_s / 2 or _none_is_later(span.start, lead, rates):
            break
        ends = [begins + len(span) / rate for begins, rate in zip(free, rates, strict=True)]
        free[ends.index(min(ends))] = min(ends)
        lead = max(lead, min(ends) - span.start / FPS)
    return min(lead, window_s / 2)


def _none_is_later(start: int, lead: float, rates: Sequence[float]) -> bool:
    """Return whether no chunk from the frame `start` on can need more than `lead`.

    The worker that will have done a chunk first does so no later than all of them on average, weighed by
    their rates; and that falls behind the air no further where together they are faster than it.
    """
    together = sum(rates)
    return together >= FPS and (start + len(rates) * CHUNK_FRAMES) / together - start / FPS <= lead


def plan(position_now: int, lead: float, previous_end: int | None = None) -> int:
    """Return the position on the channel's timeline at which a job's first frame is to air.

    It follows the job before it at `previous_end`, unless its frames cannot be there by then.
    """
    earliest = position_now + math.ceil((lead + MARGIN_S) * FPS)
    return earliest if previous_end is None else max(previous_end, earliest)


@dataclass(frozen=True, slots=True)
class Meeting:
    """How a channel's clip of idle meets the one that speaks: the idle clip's place is `ahead` of the
    timeline's position while nobody speaks, and a cross-fade takes `fade` frames."""

    poses: Poses
    ahead: int
    fade: int

    def leap(self, begins: int, previous_end: int | None = None) -> int:
        """Return by how many positions the timeline moves on where a job begins, to be nearest in pose.

        By none where the picture has not yet gone back to idle from the job before it.
        """
        if previous_end is None:
            return self.poses.leap(begins, begins + self.ahead)
        since = begins - previous_end
        return 0 if since < self.fade else self.poses.leap(begins, self.poses.idle_at(previous_end) + since)


def actual_end(planned_end: int, expected_end: int, period: int) -> int:
    """Return the position at which a job ends, in step with its own count and close to what is expected.

    A job that aired later than planned moves the timeline on by whole periods of the clip, so that the
    body's phase is kept (see `docs/streamer.md`).
    """
    return planned_end + max(0, round((expected_end - planned_end) / period)) * period
