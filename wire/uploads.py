"""Where a job's sound lies in the uploads folder, one folder a job, named by the job's id alone."""

import shutil
from pathlib import Path

RESERVE_BYTES = 256 * 2**20
"""Room on the disk that is left to the streamers, which write on it all the time."""


def room(folder: Path) -> int:
    """Return how many bytes may still be written to the uploads folder; negative within the reserve."""
    return shutil.disk_usage(folder).free - RESERVE_BYTES


def posted(folder: Path, job_id: str) -> Path:
    """Return the path of the file as it was posted."""
    return folder / job_id / "posted"


def record(folder: Path, job_id: str) -> Path:
    """Return the path of the job's record, see `wire.records`."""
    return folder / job_id / "record.json"


def air(folder: Path, job_id: str) -> Path:
    """Return the path of the decoded sound for the air: s16le mono 48 kHz, whole frames."""
    return folder / job_id / "air.s16"


def rests(folder: Path, job_id: str) -> Path:
    """Return the path of a byte for each frame: 1 where the clip's own mouth is to be shown (see
    `workers.silence`). There is none where that is nowhere."""
    return folder / job_id / "rests.u8"


def heard(folder: Path, job_id: str) -> Path:
    """Return the path of the decoded sound for the engine: s16le mono 16 kHz, whole frames."""
    return folder / job_id / "heard.s16"
