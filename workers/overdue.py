"""A job whose preparing was asked for and does not come: asked for again, and in the end failed."""

import logging
from pathlib import Path

from redis import Redis

from wire import channels, jobs, uploads, workers
from wire.connection import now_ms
from wire.jobs import UNPREPARED, Job, State
from workers.celery import ring_prepare

log = logging.getLogger(__name__)

LONGEST_S = 150.0
"""No job takes longer to prepare: decoding may not (`workers.sound.DECODE_TIMEOUT_S`)."""
SHORTEST_S = 30.0
"""What the shortest takes at most, on a host so busy that starting ffmpeg takes seconds."""
PACE = 10.0
"""Seconds of sound that are prepared in one at least; 240 are usual."""
RINGS = 2
"""How often a try may come to nothing before the next is the last."""
GONE = "The posted file is not there any more: post it again."


def patience_s(announced_s: float, is_served: bool) -> float:
    """Return how long preparing may take before it is asked for again. Pure.

    `announced_s` is the sound's length, 0 if unknown; `is_served` tells whether a prepare worker lives.
    Without one there is no haste: asking does not help.
    """
    if not is_served or announced_s <= 0:
        return LONGEST_S
    return min(LONGEST_S, SHORTEST_S + announced_s / PACE)


def look_after_all(broker: Redis, folder: Path, kept_s: float) -> None:
    """Fail jobs whose posted file is not in the uploads `folder`; look after each channel's first unprepared.

    A file is gone where the API could not tell, of a broker that stood still, that the job was admitted.
    """
    now, is_served = now_ms(broker), any(worker.role == "prepare" for worker in workers.live(broker))
    for channel in channels.names(broker):
        playlist = jobs.load_many(broker, jobs.playlist(broker, channel))
        waiting = [job for job in playlist if job.state in UNPREPARED]
        for job in waiting:
            if not uploads.posted(folder, job.id).exists():
                _fail(broker, job, kept_s, GONE)
        for job in waiting[:1]:
            look_after(broker, job, now, kept_s, is_served)


def look_after(broker: Redis, job: Job, now_ms: int, kept_s: float, is_served: bool) -> None:
    """Have `job`, the first of its channel that is not prepared, prepared at last, or fail it.

    A try came to nothing if a worker began it and did not end it, or if no worker lives. A job that waits
    for a living one is asked for again, as its message may be lost, but does not fail of it.
    """
    asked_ms = max(job.posted_ms, job.rung_ms)
    patience = patience_s(job.announced_s, is_served)
    if now_ms - max(asked_ms, job.begun_ms) < patience * 1000:
        return
    if is_served and job.begun_ms <= asked_ms:
        log.info("job %s waits for a prepare worker; asked for again", job.id)
        _ask_again(broker, job, now_ms, job.rings)
    elif job.rings < RINGS:
        log.warning("job %s is not prepared after %.0f s; asked for again", job.id, patience)
        _ask_again(broker, job, now_ms, job.rings + 1)
    else:
        tries = f"it was not prepared in {RINGS + 1} tries"
        _fail(broker, job, kept_s, f"{tries}: is a prepare worker running, and what does it log?")


def _ask_again(broker: Redis, job: Job, now_ms: int, rings: int) -> None:
    if jobs.move(broker, job, job.state, 0, {job.state}, rings=rings, rung_ms=now_ms):
        ring_prepare(job.id)


def _fail(broker: Redis, job: Job, kept_s: float, reason: str) -> None:
    if jobs.move(broker, job, State.FAILED, kept_s, UNPREPARED, error=reason):
        log.error("job %s failed: %s", job.id, reason)
