"""Jobs that are not on air in the time that was given them: they end, and nothing of them is kept."""

import logging
from pathlib import Path

from redis import Redis

from wire import jobs
from wire.connection import now_ms
from wire.jobs import State
from workers import housekeeping

log = logging.getLogger(__name__)


def expire(broker: Redis, frames: Redis, folder: Path, kept_s: float) -> None:
    """End the jobs whose time has come and that are not on air, and forget what is there of them."""
    for job_id in jobs.lapsed(broker, now_ms(broker)):
        job = jobs.load(broker, job_id)
        if job is None:
            continue
        given_s = (job.expires_ms - job.posted_ms) / 1000
        reason = f"It was not on air within the {given_s:g} s that it was given."
        if jobs.move(broker, job, State.EXPIRED, kept_s, error=reason):
            log.warning("job %s expired: %s", job.id, reason)
            housekeeping.forget(frames, folder, job)
