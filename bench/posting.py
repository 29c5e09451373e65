"""Jobs that are prepared without a sound: silence that takes no room on the disk."""

import os
from pathlib import Path

from redis import Redis

from wire import jobs, uploads
from wire.jobs import Job
from wire.media import MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME

WAITING_MAX = 10_000


def post(broker: Redis, folder: Path, job: Job) -> None:
    """Put `job` at the end of its channel's playlist, and its silence, all holes, in the uploads `folder`."""
    (folder / job.id).mkdir(parents=True, exist_ok=True)
    for path, each in (
        (uploads.air(folder, job.id), SAMPLES_PER_FRAME),
        (uploads.heard(folder, job.id), MODEL_SAMPLES_PER_FRAME),
    ):
        path.touch()
        os.truncate(path, job.frames * each * 2)
    jobs.admit(broker, job, WAITING_MAX)
