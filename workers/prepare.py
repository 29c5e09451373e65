"""The prepare worker's task: a posted file becomes a job that can be rendered."""

import logging

from settings import settings
from wire import channels, jobs, workers
from wire.jobs import Job, State
from workers import stores
from workers.celery import app, ring_dispatch
from workers.sound import UnusableSoundError, decode

log = logging.getLogger(__name__)


@app.task(name="workers.prepare")
def prepare(job_id: str) -> None:
    """Decode the job's sound, and pin what it is rendered with.

    Safe to run again: decoding gives the same files, and a job past this stage is left alone. A sound that
    cannot be used fails the job with the reason.
    """
    broker = stores.broker()
    job = jobs.load(broker, job_id)
    if job is None or not jobs.move(broker, job, State.PREPARING, settings().jobs_kept_s):
        log.info("job %s is not to be prepared (any more)", job_id)
        return
    try:
        _prepare(job)
    except UnusableSoundError as error:
        _fail(job, str(error))
    except Exception as error:
        _fail(job, f"preparing failed: {error}")
        raise
    ring_dispatch()


def _prepare(job: Job) -> None:
    limits = settings()
    channel = channels.load(stores.broker(), job.channel)
    if channel is None:
        raise UnusableSoundError(f"there is no channel {job.channel}")
    sound = decode(limits.uploads_folder, job.id, limits.upload_max_s, job.announced_s, limits.ffmpeg)
    engine = pin_engine(workers.live(stores.broker()), limits.engine)
    jobs.move(
        stores.broker(), job, State.RENDERING, limits.jobs_kept_s,
        frames=sound.frames, loudest=sound.loudest, warning=sound.warning,
        avatar=channel.avatar, avatar_frames=channel.avatar_frames, engine=engine,
    )  # fmt: skip
    log.info("job %s prepared: %d frames with %s", job.id, sound.frames, engine)


def pin_engine(live: list[workers.Worker], fallback: str) -> str:
    """Return the engine with most frames a second over the `live` workers; `fallback` if none renders."""
    speeds: dict[str, float] = {}
    for worker in live:
        if worker.role == "render" and worker.engine:
            speeds[worker.engine] = speeds.get(worker.engine, 0.0) + worker.speed
    return max(speeds, key=lambda engine: speeds[engine], default=fallback)


def _fail(job: Job, reason: str) -> None:
    log.warning("job %s failed: %s", job.id, reason)
    jobs.move(stores.broker(), job, State.FAILED, settings().jobs_kept_s, error=reason)
