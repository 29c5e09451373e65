"""A job's record beside its sound: what is left of the job if the broker loses its memory."""

import json
from pathlib import Path

from wire import uploads
from wire.jobs import Job

BYTES_MAX = 16 * 2**10
"""More than any record has: texts in it are bounded."""


def write(folder: Path, job: Job) -> None:
    """Keep `job` in the uploads `folder`, as it is now, whole or not at all."""
    path = uploads.record(folder, job.id)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(job.to_hash()))
    part.replace(path)


def read(folder: Path, job_id: str) -> Job | None:
    """Return the job as it was kept; None where no record is, or none of this job."""
    try:
        with uploads.record(folder, job_id).open() as file:
            job = Job.from_hash(json.loads(file.read(BYTES_MAX)))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return job if job.id == job_id else None
