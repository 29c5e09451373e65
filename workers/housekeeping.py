"""Forgetting what jobs left that ended and workers that are gone; telling of jobs that the broker lost."""

import logging
import shutil
import time
from dataclasses import replace
from pathlib import Path

from redis import Redis

from settings import settings
from wire import chunks, jobs, records, supply, workers
from wire.connection import now_ms
from wire.jobs import ENDED, Job, State

log = logging.getLogger(__name__)

UNKNOWN_KEPT_S = 600.0
"""A folder of no known job is kept for so long after it last grew: its upload may be under way."""
ADMITTING_S = 3.0
"""A job is recorded in its folder first; on a busy host the broker is told so much later, by a call that may
take `LIVE_REDIS_TIMEOUT_S`."""
BINDINGS = ("_kombu.binding.", "_kombu.binding_permanent.")
"""Celery's own records of a queue go by its name and these."""
LOST = "The broker lost its memory, and this job with it: if it was not spoken to its end, post it again."


def sweep(broker: Redis, frames: Redis, folder: Path, kept_s: float) -> None:
    """Forget jobs that ended, and remove folders that no job is known for.

    A job that was admitted and that the broker does not know has failed: that is told for `kept_s`. What does
    not look like a job's folder, or cannot be read, is left where it is.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        job = jobs.load(broker, path.name)
        try:
            is_over = job.state in ENDED if job else _is_lost(broker, path, kept_s)
        except OSError as error:
            log.debug("left %s in the uploads folder: %s", path.name, error)
            continue
        if is_over and job:
            forget(frames, folder, job)
        elif is_over:
            supply.forget_lost(frames, path.name)
            shutil.rmtree(path, ignore_errors=True)


def forget(frames: Redis, folder: Path, job: Job) -> None:
    """Forget what is left of a job that ended; its folder goes last, as the next sweep finds it by that."""
    supply.forget(frames, job.id, range(chunks.count(job.frames) if job.frames > 0 else 0))
    shutil.rmtree(folder / job.id, ignore_errors=True)
    log.debug("forgot what job %s left", job.id)


def forget_queues(broker: Redis) -> None:
    """Delete the queues of render workers that are gone: what they were told was given to others."""
    alive = {worker.queue for worker in workers.live(broker)}
    for head in ("", *BINDINGS):
        for key in map(str, broker.scan_iter(f"{head}gpu.*", count=1000)):
            if key.removeprefix(head) not in alive:
                broker.delete(key)


def _is_lost(broker: Redis, path: Path, kept_s: float) -> bool:
    """Return whether nothing will come of a folder whose job is not known; a job that was lost is told of."""
    if not jobs.ID.fullmatch(path.name):
        return False  # nobody knows whose it is
    job = records.read(path.parent, path.name)
    if job is None:
        return _age_s(path) > UNKNOWN_KEPT_S
    now = now_ms(broker)
    age_s = (now - job.posted_ms) / 1000
    if age_s < ADMITTING_S + settings().redis_timeout_s or age_s > kept_s:
        return age_s > kept_s
    log.error("job %s failed: the broker does not know it any more", job.id)
    return jobs.recall(broker, replace(job, state=State.FAILED, ended_ms=now, error=LOST), kept_s)


def _age_s(path: Path) -> float:
    return time.time() - max(p.stat().st_mtime for p in (path, *path.iterdir()))
