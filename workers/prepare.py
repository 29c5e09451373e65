"""The prepare worker's task: a posted file becomes a job that can be rendered."""

import logging

from avatars.errors import AvatarError
from avatars.stillness import is_still
from avatars.store import open_avatar
from settings import Settings, settings
from wire import channels, jobs, uploads
from wire.connection import now_ms
from wire.jobs import UNPREPARED, Job, State
from wire.media import FPS
from workers import stores
from workers.celery import app
from workers.messages import ring_dispatch
from workers.reasons import brief
from workers.silence import resting_frames
from workers.sound import UnusableSoundError, decode, put_in_place, read

log = logging.getLogger(__name__)


@app.task(name="workers.prepare")
def prepare(job_id: str) -> None:
    """Decode the job's sound, and pin its avatar.

    Safe to run again, and twice at once: decoding gives the same files, put in their place whole, and a job
    past this stage is left alone. A sound that cannot be used fails the job with the reason; one that is
    gone, as its job was cancelled meanwhile, ends the task and nothing else.
    """
    broker, kept_s = stores.broker(), settings().jobs_kept_s
    job = jobs.load(broker, job_id)
    if job is None or not jobs.move(broker, job, State.PREPARING, kept_s, begun_ms=now_ms(broker)):
        log.info("job %s is not to be prepared (any more)", job_id)
        return
    try:
        _prepare(job)
    except UnusableSoundError as error:
        _fail(job, str(error))
    except Exception as error:
        if _fail(job, f"preparing failed: {brief(error)}"):
            raise
    ring_dispatch()


def _prepare(job: Job) -> None:
    limits = settings()
    channel = channels.load(stores.broker(), job.channel)
    if channel is None:
        raise UnusableSoundError(f"there is no channel {job.channel}")
    sound = decode(limits.uploads_folder, job.id, limits.upload_max_s, job.announced_s, limits.ffmpeg)
    _note_rests(limits, job.id, channel.avatar)
    is_moved = jobs.move(
        stores.broker(), job, State.RENDERING, limits.jobs_kept_s,
        frames=sound.frames, loudest=sound.loudest, warning=sound.warning,
        avatar=channel.avatar, avatar_frames=channel.avatar_frames,
    )  # fmt: skip
    if is_moved:
        log.info("job %s prepared: %d frames", job.id, sound.frames)


def _note_rests(limits: Settings, job_id: str, avatar_hash: str) -> None:
    """Write down in which frames the clip's own mouth is shown, if that is still."""
    try:
        avatar = open_avatar(limits.avatars_folder, avatar_hash)
    except AvatarError as error:
        log.warning("job %s: a mouth is rendered in its silences too: %s", job_id, error)
        return
    if is_still(avatar.landmarks):
        air = read(uploads.air(limits.uploads_folder, job_id))
        rests = resting_frames(air, round(limits.rest_after_s * FPS))
        with put_in_place(uploads.rests(limits.uploads_folder, job_id)) as (path,):
            rests.tofile(path)


def _fail(job: Job, reason: str) -> bool:
    """Fail the job; False if it was prepared by another try, or has ended meanwhile."""
    is_moved = jobs.move(stores.broker(), job, State.FAILED, settings().jobs_kept_s, UNPREPARED, error=reason)
    if is_moved:
        log.warning("job %s failed: %s", job.id, reason)
    else:
        log.info("job %s is not to be prepared any more; %s", job.id, reason)
    return is_moved
