"""A render worker's task: one chunk's sound in, its frame batches out."""

import logging
import os
import time
from dataclasses import dataclass, field, replace
from functools import partial

from avatars.loop import there_and_back
from settings import settings
from wire import chunks, jobs, sounds
from wire.chunks import Row, Stage
from wire.jobs import UNDER_WAY, Job, State
from wire.sounds import ChunkSound
from wire.supply import RefusedError
from wire.tallies import Tally, count
from workers import stores
from workers.celery import app
from workers.effort import effort
from workers.engines import default, load
from workers.engines.interface import Engine, LostDeviceError, Order, Speech
from workers.heartbeat import Heartbeat
from workers.leases import lease_ms
from workers.messages import ring_dispatch
from workers.publisher import Publisher
from workers.publishing import Publication, checked, resting, to_batches
from workers.reasons import brief
from workers.wardrobe import Wardrobe

log = logging.getLogger(__name__)

LEARNING = 0.3
"""Weight of the newest chunk in the measured speed: settles within some chunks, forgives a hiccup."""
ROOM_WAIT_S = 20.0
"""How long a chunk that is rendered waits for room on a full frames server: what airs makes some."""


class LostSoundError(RuntimeError):
    """A chunk's sound is no longer on the frames server."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What this process renders with; made once, in the process that runs the tasks."""

    engine: Engine
    wardrobe: Wardrobe
    heartbeat: Heartbeat
    publisher: Publisher = field(default_factory=Publisher)


_studio: Studio | None = None


def start(heartbeat: Heartbeat) -> None:
    """Load and warm the engine; the heartbeat then tells how fast it is."""
    global _studio  # noqa: PLW0603 - Celery gives its tasks no other place for what their process owns
    engine = load(settings().engine or default(settings().checkpoints_folder))
    engine.warm_up()
    _studio = Studio(engine, Wardrobe(settings().avatars_folder), heartbeat)
    identity = f"{engine.name}@{engine.weights}" if engine.weights else engine.name
    heartbeat.tell(device=engine.device, engine=identity, speed=_studio.wardrobe.rehearse(engine))
    log.info("%s is warm on %s: %.0f frames a second", identity, engine.device, heartbeat.speed)


def stop() -> None:
    """Wait until all that was rendered is published."""
    if _studio:
        _studio.publisher.finish()


@app.task(name="workers.render")
def render(job_id: str, chunk: int, attempt: int) -> None:
    """Render one chunk on this worker's device; its frames are published while the next is rendered.

    Safe to run twice, here or elsewhere: a stale attempt finds no lease, and a batch that is already in
    the stream is left as it is. A chunk that cannot be rendered is reported, tried elsewhere, and in the
    end replaced, so the stream never waits for it. One whose job was cancelled ends with the next batch, as
    that is refused, and is not tried again: its row is gone.
    """
    studio = _studio
    if studio is None:
        raise RuntimeError("this worker has no engine: start it with -Q gpu.<host>.<index>")
    job = jobs.load(stores.broker(), job_id)
    lease = _lease_ms(studio, job, chunk) if job else 0
    claimed = chunks.claim(stores.broker(), job_id, chunk, attempt, studio.heartbeat.life, lease)
    if job is None or claimed is None:
        if job and job.state in UNDER_WAY:  # no message of a job that ended: those are only too late
            count(stores.broker(), Tally.STALE)
        log.info("job %s chunk %d attempt %d: no longer ours", job_id, chunk, attempt)
        return
    publication = Publication(stores.frames(), ROOM_WAIT_S)
    with studio.heartbeat.busy(lease / 1000):
        failure = _perform(studio, job, chunk, attempt, publication)
    is_over = isinstance(failure, LostDeviceError)
    if is_over:
        studio.heartbeat.stop()  # before dispatch hears of the chunk, or it might try it here again
    studio.publisher.put(partial(_tell, job_id, chunk, claimed, publication, failure))
    if is_over:
        studio.publisher.finish()
        os._exit(os.EX_UNAVAILABLE)  # Celery's pool starts another process, with an engine of its own


def order_of(job: Job, chunk: int, attempt: int) -> Order:
    """Return what an engine is told of the chunk."""
    span = chunks.span(chunk, job.frames)
    clip_frames = tuple(there_and_back(job.position + frame, job.avatar_frames) for frame in span)
    return Order(
        job.id, chunk, attempt, span.start, clip_frames, job.guidance_scale, job.inference_steps, job.seed
    )


def _lease_ms(studio: Studio, job: Job, chunk: int) -> int:
    work = len(chunks.span(chunk, job.frames)) * _effort(studio, job)
    return lease_ms(work, studio.heartbeat.speed)


def _effort(studio: Studio, job: Job) -> float:
    return effort(studio.engine.name, job.inference_steps, job.guidance_scale)


def _perform(
    studio: Studio, job: Job, chunk: int, attempt: int, publication: Publication
) -> Exception | None:
    """Render; return what it failed of."""
    began = time.monotonic()
    try:
        frames = _render(studio, job, chunk, attempt, publication)
    except Exception as error:  # noqa: BLE001 - it ends this chunk, not the worker, and `_tell` logs it
        return error
    taken_s = time.monotonic() - began
    speed, work = studio.heartbeat.speed, frames * _effort(studio, job)
    studio.heartbeat.tell(speed=speed + LEARNING * (work / taken_s - speed))
    log.debug("job %s chunk %d: %d frames in %.3f s", job.id, chunk, frames, taken_s)
    return None


def _render(studio: Studio, job: Job, chunk: int, attempt: int, publication: Publication) -> int:
    """Render the chunk and have it published; return how many frames it has."""
    sound = sounds.get(stores.frames(), job.id, chunk)
    if sound is None:
        raise LostSoundError("its sound is no longer on the frames server")
    avatar = studio.wardrobe.fetch(job.avatar)
    order = order_of(job, chunk, attempt)
    frames = len(order.clip_frames)
    features = studio.engine.features(_speech_of(job, sound, order))
    patches = checked(studio.engine.render(avatar, features, order), avatar, frames)
    for batch in to_batches(job, chunk, attempt, sound.air, resting(patches, sound.rests)):
        publication.check()
        studio.publisher.put(partial(publication.write, batch))
    return frames


def _tell(job_id: str, chunk: int, claimed: Row, publication: Publication, failure: Exception | None) -> None:
    """Record what became of the chunk, once all that there is of it is published."""
    error, attempt = publication.error or failure, claimed.attempt
    if isinstance(error, LostSoundError | RefusedError):  # the job was cancelled, or dispatch tries again
        log.info("job %s chunk %d attempt %d ends early: %s", job_id, chunk, attempt, error)
    elif error:
        log.error(
            "job %s chunk %d attempt %d failed; dispatch tries again", job_id, chunk, attempt, exc_info=error
        )
    stage, reason = (Stage.BROKEN, f"{type(error).__name__}: {brief(error)}") if error else (Stage.DONE, "")
    row = replace(claimed, stage=stage, reason=reason)
    is_ours = chunks.change(stores.broker(), job_id, chunk, row, Stage.RUNNING)
    is_late = not (is_ours or _is_called_off(job_id))
    if is_late:
        log.warning("job %s chunk %d attempt %d came too late: it changes nothing", job_id, chunk, attempt)
    _count(error, is_ours, is_late)
    if error or chunk == 0:  # it is to go elsewhere, or lets its job begin; all else dispatch finds in time
        ring_dispatch()


def _count(error: Exception | None, is_ours: bool, is_late: bool) -> None:
    """Count what became of a chunk, if it is not simply done; of a cancelled job's nothing is counted."""
    if is_late:
        count(stores.broker(), Tally.LATE)
    elif error and is_ours:
        count(stores.broker(), Tally.REFUSED if isinstance(error, RefusedError) else Tally.FAILED)


def _is_called_off(job_id: str) -> bool:
    job = jobs.load(stores.broker(), job_id)
    return job is None or job.state in (State.CANCELLED, State.EXPIRED)


def _speech_of(job: Job, sound: ChunkSound, order: Order) -> Speech:
    frames = len(order.clip_frames)
    return Speech(sound.heard, sound.lead, frames, job.loudest, job.id, order.first_frame, job.frames)
