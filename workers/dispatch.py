"""The dispatch worker's task: hand chunks out to render workers, and do again what got lost.

A pass may run at any time, in any number of dispatch workers: what it decides takes effect in one
transaction, which fails if another pass handed something out since this one looked.
"""

import logging
from collections.abc import Sequence
from threading import Event, Lock, Thread

from redis import RedisError, WatchError
from redis.client import Pipeline

from settings import settings
from wire import chunks, jobs, keys, supply
from wire.chunks import Row, Stage
from wire.jobs import Job, State
from wire.media import FPS
from workers import stores
from workers.assignment import Replace, Send, assign
from workers.celery import app, ring_render
from workers.housekeeping import sweep
from workers.replacement import replace_chunk
from workers.slices import cut
from workers.views import Picture, Queued, gather

log = logging.getLogger(__name__)

EVERY_S = 1.0
"""A pass runs at least so often, in every dispatch worker; rings only hasten it."""
SWEEP_EVERY = 30
"""Passes of the timer between two sweeps of the uploads folder."""
RACES = 5
"""Times that a pass gives way to another before it leaves the rest to the timer."""
PREPARE_OVERDUE_S = 180.0
"""A job that is not prepared by then fails: longer than decoding may take."""

_pass_lock = Lock()


def start() -> None:
    """Start the timer in the process that runs the tasks."""
    Thread(target=_tick, name="dispatch timer", daemon=True).start()


@app.task(name="workers.dispatch")
def dispatch() -> None:
    """Hand out what can be handed out now. Safe to run at any time, and to miss: a timer runs it too."""
    run_pass()


def _tick() -> None:
    pause, passes = Event(), 0
    while not pause.wait(EVERY_S):
        try:
            run_pass()
            passes += 1
            if passes % SWEEP_EVERY == 0:
                sweep(stores.broker(), settings().uploads_folder)
        except (RedisError, OSError) as error:
            log.warning("dispatch: %s; again in %.0f s", error, EVERY_S)


def run_pass() -> None:
    """Look, decide, carry out; look again where another pass was quicker."""
    with _pass_lock:
        for _ in range(RACES):
            try:
                _once()
                return
            except WatchError:
                log.debug("another dispatch pass was quicker")


def _once() -> None:
    broker, frames = stores.broker(), stores.frames()
    with broker.pipeline() as pipe:
        pipe.watch(keys.TURN)  # type: ignore[no-untyped-call]  # redis-py leaves it so
        picture = gather(broker, frames, settings().window_s)
        actions = _decide(picture)
        _lay_ready(picture, actions)
        _commit(pipe, picture, actions)
    for action in actions:
        _carry_out(action)
    for job in picture.unprepared:
        _fail_overdue(job, picture.now_ms)


def _decide(picture: Picture) -> Sequence[Send | Replace]:
    used = int(stores.frames().info("memory")["used_memory"])
    if used > settings().window_bytes:
        log.warning("the frames server holds %d bytes: nothing is handed out until it holds less", used)
        return ()
    views = [queued.view for queued in picture.queued.values()]
    return assign(picture.now_ms, views, picture.workers, int(settings().window_s * FPS))


def _lay_ready(picture: Picture, actions: Sequence[Send | Replace]) -> None:
    """Bring to the frames server what the chunks need, before anybody hears of them."""
    for job_id in {action.job for action in actions}:
        queued = picture.queued[job_id]
        if queued.job.chunks_sent == 0 or not queued.view.fenced:
            first = chunks.chunk_of(queued.job.frames_aired)
            supply.raise_fence(stores.frames(), job_id, _epoch(queued), first)
    for action in actions:
        chunk_sound = cut(settings().uploads_folder, picture.queued[action.job].job, action.chunk)
        supply.put_sound(stores.frames(), action.job, action.chunk, chunk_sound)


def _epoch(queued: Queued) -> int:
    return queued.job.epoch + (not queued.view.fenced)


def _commit(pipe: Pipeline, picture: Picture, actions: Sequence[Send | Replace]) -> None:
    """Write the decisions in one transaction.

    Raises:
        WatchError: another pass handed something out since this one looked.
    """
    pipe.multi()
    for queued in picture.queued.values():
        aired = [c for c in queued.rows if c < chunks.chunk_of(queued.job.frames_aired)]
        if aired:
            pipe.hdel(keys.chunks(queued.job.id), *map(str, aired))
    if actions:
        pipe.incr(keys.TURN)
    for action in actions:
        _write(pipe, picture.queued[action.job], action)
    pipe.execute()


def _write(pipe: Pipeline, queued: Queued, action: Send | Replace) -> None:
    if isinstance(action, Send):
        row = Row(Stage.SENT, action.attempt, action.worker, action.deadline_ms)
    else:
        row = Row(Stage.DONE, action.attempt, "dispatch", 0, action.reason)
        warning = (
            f"from {chunks.span(action.chunk, queued.job.frames).start / FPS:.2f} s the clip's own mouth"
        )
        pipe.hset(keys.job(action.job), mapping={"degraded": "1", "warning": f"{warning}: {action.reason}"})
    pipe.hset(keys.chunks(action.job), str(action.chunk), row.to_json())
    sent = max(queued.job.chunks_sent, action.chunk + 1)
    pipe.hset(
        keys.job(action.job),
        mapping={"chunks_sent": sent, "position": queued.start, "epoch": _epoch(queued)},
    )


def _carry_out(action: Send | Replace) -> None:
    if isinstance(action, Replace):
        log.error("job %s chunk %d: the clip's own mouth airs: %s", action.job, action.chunk, action.reason)
        replace_chunk(action.job, action.chunk, action.attempt)
        return
    if action.attempt > 1:
        log.warning("job %s chunk %d: try %d, at %s", action.job, action.chunk, action.attempt, action.worker)
    ring_render(action.worker, action.job, action.chunk, action.attempt)


def _fail_overdue(job: Job, now_ms: int) -> None:
    if now_ms - job.posted_ms < PREPARE_OVERDUE_S * 1000:
        return
    reason = f"it was not prepared within {PREPARE_OVERDUE_S:.0f} s; is a prepare worker running?"
    if jobs.move(stores.broker(), job, State.FAILED, settings().jobs_kept_s, error=reason):
        log.error("job %s failed: %s", job.id, reason)
