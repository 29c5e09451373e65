"""When a job on air gives way to one that was posted with `now`. Pure."""

from collections.abc import Iterable
from itertools import pairwise

from wire.jobs import Job
from wire.media import FPS
from workers.starts import GIVES_WAY_S
from workers.views import Queued

TOLD_S = 1.0
"""Within so long of its begin it is known of a job that it is on air, and so does not expire any more."""
NEAR_S = GIVES_WAY_S + 0.35
"""A job's place is near so long before it: there is one more pass of the timer (`workers.timers`)
before it is too late, even one that comes late itself."""


def giving_way(queued: Iterable[Queued], now_ms: int) -> list[Job]:
    """Return the jobs on air to cut off now, of all channels' jobs in airing order.

    Each is followed by one that cuts it off, whose first chunk is there and whose place is near: until then
    it is heard on, so that the air does not fall silent while the other is made ready. It is heard to its
    end if that comes first, or if the other might expire before it is on air.
    """
    return [a.job for a, b in pairwise(queued) if a.job.channel == b.job.channel and _gives_way(a, b, now_ms)]


def _gives_way(on_air: Queued, follower: Queued, now_ms: int) -> bool:
    job, view = on_air.job, follower.view
    is_ready = view.airs_in <= NEAR_S * FPS and view.first in view.there
    is_in_time = job.frames - job.frames_aired > view.airs_in
    return follower.job.cuts_off(job) and is_ready and is_in_time and _lasts(follower, now_ms)


def _lasts(follower: Queued, now_ms: int) -> bool:
    """Return whether the job will be on air before it expires."""
    expires_ms = follower.job.expires_ms
    return expires_ms < 0 or expires_ms > now_ms + 1000 * (follower.view.airs_in / FPS + TOLD_S)
