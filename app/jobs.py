"""What became of what was posted."""

import re
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.errors import UnknownJobError, WrongFieldError
from app.parts import parts
from wire import jobs
from wire.jobs import Job

routes = Blueprint("jobs", __name__)

LISTED = 50
"""Jobs in a list that does not say how many."""
LISTED_MAX = 200
"""Jobs in a list at most: some 100 kB."""


@routes.get("/jobs")
def latest() -> Response:
    return jsonify(jobs=[show(job) for job in jobs.latest(parts().broker, _limit(request.args.get("limit")))])


@routes.get("/jobs/<job_id>")
def one(job_id: str) -> Response:
    return jsonify(show(find(job_id)))


def find(job_id: str) -> Job:
    """Return the job.

    Raises:
        UnknownJobError: there is none of that id.
    """
    job = jobs.load(parts().broker, job_id) if jobs.ID.fullmatch(job_id) else None
    if job is None:
        raise UnknownJobError("There is no such job (any more).")
    return job


def show(job: Job) -> dict[str, Any]:
    """Return what the outside sees of a job."""
    return {
        "id": job.id,
        "state": job.state,
        "channel": job.channel,
        "sound_name": job.sound_name,
        "posted_at": _iso(job.posted_ms),
        "frames": job.frames if job.frames >= 0 else None,
        "frames_aired": job.frames_aired,
        "underruns": job.underruns,
        "error": job.error or None,
        "warning": "; ".join(filter(None, (job.warning, _loss(job)))) or None,
        "degraded": job.degraded,
        "interrupted": job.interrupted_at_s is not None,
        "interrupted_at_s": job.interrupted_at_s,
        "guidance_scale": job.guidance_scale,
        "inference_steps": job.inference_steps,
        "mode": job.mode,
        "priority": job.priority,
        "expires_at": _iso(job.expires_ms) if job.expires_ms >= 0 else None,
    }


def _loss(job: Job) -> str:
    """Return how much of the job was not sent, if so."""
    told = f"{job.frames_lost} of its {job.frames} frames were not sent: the encoder failed or fell behind"
    return told if job.frames_lost else ""


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _limit(text: str | None) -> int:
    if text is None:
        return LISTED
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= LISTED_MAX:
        raise WrongFieldError(f"limit is a whole number from 1 to {LISTED_MAX}, not {text[:40]!r}.")
    return int(text)
