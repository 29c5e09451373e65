"""Forgetting what ended jobs left in the uploads folder."""

import logging
import shutil
import time
from pathlib import Path

from redis import Redis

from wire import jobs
from wire.jobs import ENDED

log = logging.getLogger(__name__)

UNKNOWN_KEPT_S = 600.0
"""A folder of no known job is kept for so long after it last grew: its upload may be under way."""


def sweep(broker: Redis, folder: Path) -> None:
    """Remove the folders of jobs that ended, and those that no job is known for.

    What is no job's folder, or cannot be read, is left where it is.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        job = jobs.load(broker, path.name)
        try:
            is_over = job.state in ENDED if job else _age_s(path) > UNKNOWN_KEPT_S
        except OSError as error:
            log.debug("left %s in the uploads folder: %s", path.name, error)
            continue
        if is_over:
            shutil.rmtree(path, ignore_errors=True)
            log.debug("removed the sound of job %s", path.name)


def _age_s(path: Path) -> float:
    return time.time() - max(p.stat().st_mtime for p in (path, *path.iterdir()))
