"""A posted sound becomes a job: one second of speech starts here.

What costs nothing is checked first, then whether there is a slot, then what needs Redis; then the form is
read, straight to its place. A job that is admitted is told of to the `prepare` queue; all else leaves nothing
behind.
"""

import errno
import logging
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from flask import Blueprint, Request, Response, jsonify, request
from kombu.exceptions import KombuError
from redis import RedisError

from app import admission, fields, form
from app.errors import BusyError, DiskFullError, NotSentError, TooLargeError
from app.fields import Wishes
from app.headers import check_same_site
from app.parts import Parts, parts
from wire import jobs, records, uploads
from wire.connection import now_ms
from wire.jobs import Job, State

routes = Blueprint("uploads", __name__)
log = logging.getLogger(__name__)

FORM_BYTES = 64 * 2**10
"""Room for what a form holds beside the file."""
SLOT_WAIT_S = 0.3
"""How long an upload waits until another has been read: most are in some milliseconds."""
SEED_END = 2**31


@routes.post("/generate_video")
def generate_video() -> Response:
    """Take a sound: `audio_file`, and fields as in `app.fields`."""
    have = parts()
    check_same_site(request)
    _check_size(request, have.settings.upload_max_bytes)
    _check_room(have.settings.uploads_folder, request.content_length or 0)
    with _slot(have):
        admission.check_service(have.broker)
        job = _accept(request, have)
    log.info("job %s accepted for %s: %s", job.id, job.channel, job.sound_name)
    return jsonify(status="processing_started", task_id=job.id)


def _accept(request: Request, have: Parts) -> Job:
    """Read the form and make a job of it, which is told of where it must be."""
    with _folder(have, uuid4().hex) as job_id:
        name, wishes = _receive(request, have, job_id)
        admission.check_channel(have.broker, wishes.channel, have.settings)
        announced_s = have.prober.probe(uploads.posted(have.settings.uploads_folder, job_id))
        job = _record(have, job_id, name, wishes, announced_s)
        records.write(have.settings.uploads_folder, job)
        admission.admit(have.broker, job, have.settings)
        _send(have, job)
        return job


def _receive(request: Request, have: Parts, job_id: str) -> tuple[str, Wishes]:
    """Store the posted file; return its name as it is shown, and the form's wishes."""
    config = have.settings

    def check_so_far(known: Mapping[str, str]) -> None:
        fields.parse(known, config.channel)
        admission.check_early(have.broker, known, config)

    path = uploads.posted(config.uploads_folder, job_id)
    posted = form.receive(request, path, config.upload_max_bytes, check_so_far)
    return fields.display_name(posted.file_name), fields.parse(posted.texts, config.channel)


def _check_size(request: Request, file_max: int) -> None:
    request.max_content_length = file_max + FORM_BYTES
    if (request.content_length or 0) > request.max_content_length:
        raise TooLargeError(f"The file is larger than the {file_max} bytes that are allowed.")


def _check_room(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if uploads.room(folder) < size:
        raise DiskFullError("There is no room on the disk for this file.")


@contextmanager
def _slot(have: Parts) -> Iterator[None]:
    if not have.slots.acquire(timeout=SLOT_WAIT_S):
        raise BusyError("Too many files are being posted at the moment.")
    try:
        yield
    finally:
        have.slots.release()


@contextmanager
def _folder(have: Parts, job_id: str) -> Iterator[str]:
    """Make the job's folder; it goes with all that is in it unless the job is accepted."""
    folder = uploads.posted(have.settings.uploads_folder, job_id).parent
    try:
        folder.mkdir()
        yield job_id
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError("There is no room on the disk for this file.") from error
        raise


def _record(have: Parts, job_id: str, name: str, wishes: Wishes, announced_s: float) -> Job:
    posted_ms = now_ms(have.broker)
    return Job(
        id=job_id,
        channel=wishes.channel,
        state=State.QUEUED,
        posted_ms=posted_ms,
        sound_name=name,
        announced_s=announced_s,
        guidance_scale=wishes.guidance_scale,
        inference_steps=wishes.inference_steps,
        seed=secrets.randbelow(SEED_END),
        mode=wishes.mode,
        priority=wishes.priority,
        expires_ms=posted_ms + round(wishes.expires_in * 1000) if wishes.expires_in else -1,
    )


def _send(have: Parts, job: Job) -> None:
    """Have the job prepared; a job whose message cannot be sent has failed."""
    try:
        have.celery.send_task("workers.prepare", args=[job.id], queue="prepare", retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("job %s: the message to prepare was not sent: %s", job.id, error)
        reason = "The queue could not be reached: post the file again."
        jobs.move(have.broker, job, State.FAILED, have.settings.jobs_kept_s, error=reason)
        raise NotSentError(reason) from error
