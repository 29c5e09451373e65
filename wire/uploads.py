"""Where a job's sound lies in the uploads folder, one folder a job, named by the job's id alone."""

from pathlib import Path


def posted(folder: Path, job_id: str) -> Path:
    """Return the path of the file as it was posted."""
    return folder / job_id / "posted"


def air(folder: Path, job_id: str) -> Path:
    """Return the path of the decoded sound for the air: s16le mono 48 kHz, whole frames."""
    return folder / job_id / "air.s16"


def heard(folder: Path, job_id: str) -> Path:
    """Return the path of the decoded sound for the engine: s16le mono 16 kHz, whole frames."""
    return folder / job_id / "heard.s16"
