"""A job whose preparing was asked for and does not come: asked for again, and in the end failed."""

import logging

from redis import Redis

from wire import jobs, keys
from wire.jobs import Job, State
from workers.celery import ring_prepare

log = logging.getLogger(__name__)

OVERDUE_S = 150.0
"""Longer than decoding may take (`workers.sound.DECODE_TIMEOUT_S`)."""
RINGS = 2
"""How often preparing is asked for again: a message may have been lost, or its worker killed."""


def look_after(broker: Redis, job: Job, now_ms: int, kept_s: float) -> None:
    """Have `job`, the first of its channel that is not prepared, prepared at last, or fail it."""
    if now_ms - max(job.posted_ms, job.rung_ms) < OVERDUE_S * 1000:
        return
    if job.rings < RINGS:
        log.warning("job %s is not prepared after %.0f s; asked for again", job.id, OVERDUE_S)
        broker.hset(keys.job(job.id), mapping={"rings": job.rings + 1, "rung_ms": now_ms})
        ring_prepare(job.id)
        return
    reason = f"it was not prepared, asked {RINGS + 1} times; is a prepare worker running?"
    if jobs.move(broker, job, State.FAILED, kept_s, error=reason):
        log.error("job %s failed: %s", job.id, reason)
