"""Jobs that end before their time: cancelled at any stage, or cut off on air."""

import logging
from collections.abc import Collection

from flask import Blueprint, Response, jsonify, request
from kombu.exceptions import KombuError
from redis import RedisError

from app.errors import JobEndedError, NotOnAirError
from app.headers import check_same_site
from app.jobs import find, show
from app.parts import Parts, parts
from wire import jobs
from wire.jobs import ENDED, UNDER_WAY, Job, State

routes = Blueprint("cancel", __name__)
log = logging.getLogger(__name__)

WORDS = {
    State.DONE: "was spoken to its end",
    State.CANCELLED: "was cancelled",
    State.FAILED: "has failed",
    State.EXPIRED: "has expired",
}


@routes.delete("/jobs/<job_id>")
def cancel(job_id: str) -> Response:
    """Cancel the job, whatever its stage; asked again, answer the same."""
    job = _end(job_id, UNDER_WAY)
    if job.state is not State.CANCELLED:
        raise _ended(job)
    return jsonify(show(job))


@routes.post("/jobs/<job_id>/interrupt")
def interrupt(job_id: str) -> Response:
    """Cut the job off that is on air; asked again, answer the same."""
    job = _end(job_id, {State.ON_AIR})
    if job.state not in ENDED:
        raise NotOnAirError(f"The job is not on air but {job.state}: cancel it with DELETE /jobs/{job.id}.")
    if job.state is not State.CANCELLED or job.interrupted_at_s is None:
        raise _ended(job)
    return jsonify(show(job))


def _end(job_id: str, stages: Collection[State]) -> Job:
    """Cancel the job if it is in one of `stages`; return what it is then.

    One that came to another state between being found and being cancelled is looked at again.
    """
    have = parts()
    check_same_site(request)
    job = find(job_id)
    while job.state in stages:
        if jobs.move(have.broker, job, State.CANCELLED, have.settings.jobs_kept_s, stages):
            log.info("job %s cancelled", job.id)
            _ring(have, job)
        job = find(job_id)
    return job


def _ring(have: Parts, job: Job) -> None:
    """Have what is left of the job forgotten at once; if that cannot be told, dispatch's sweep finds it."""
    try:
        have.celery.send_task("workers.forget", args=[job.id], queue="dispatch", retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("job %s: the message to forget it was not sent: %s", job.id, error)


def _ended(job: Job) -> JobEndedError:
    return JobEndedError(f"The job {WORDS[job.state]}: there is nothing left to stop.")
