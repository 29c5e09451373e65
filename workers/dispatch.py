"""The dispatch worker's task: hand chunks out to render workers, and do again what got lost.

A pass may run at any time, in any number of dispatch workers: what it decides takes effect in one step,
unless another pass handed something out, or a job ended, since this one looked.
"""

import logging
from collections.abc import Sequence
from itertools import chain
from math import inf
from threading import Lock

from settings import settings
from wire import jobs, supply, turns
from wire.jobs import ENDED, Job, State
from wire.media import FPS
from wire.turns import Command
from workers import housekeeping, stores
from workers.absence import Absence
from workers.assignment import SOON_FRAMES, Action, Send, assign
from workers.celery import app
from workers.changes import changes
from workers.interruption import giving_way
from workers.laying import lay_ready
from workers.messages import message
from workers.views import Scene, gather

log = logging.getLogger(__name__)

FULL = 0.8
"""Share of the frames server's memory that the window may fill; the rest is for what is being rendered."""
BELLS_MAX = 8
"""Messages in a render worker's queue at most: no more than two are of chunks that it still has time for."""
RACES = 5
"""Times that a pass gives way to another before it leaves the rest to the timer."""

_one_at_a_time = Lock()
_absence = Absence()


@app.task(name="workers.dispatch")
def dispatch() -> None:
    """Hand out what can be handed out now. Safe to run at any time, and to miss (see `workers.timers`)."""
    run_pass()


@app.task(name="workers.forget")
def forget(job_id: str) -> None:
    """Forget what an ended job left, and hand out what it made room for. Safe to miss: sweeps do it too."""
    job = jobs.load(stores.broker(), job_id)
    if job is not None and job.state in ENDED:
        housekeeping.forget(stores.frames(), settings().uploads_folder, job)
    run_pass()


def run_pass() -> None:
    """Look, decide, carry out; look again where another pass was quicker."""
    with _one_at_a_time:
        for _ in range(RACES):
            if _once():
                return
            log.debug("another dispatch pass was quicker")


def _once() -> bool:
    """Return whether what was decided took effect: not if another pass handed something out, or a job ended,
    since this one looked."""
    broker, frames = stores.held(stores.broker()), stores.held(stores.frames())
    folder, window_frames = settings().uploads_folder, int(settings().window_s * FPS)
    scene = gather(broker, frames, folder, window_frames)
    decided = _decide(scene, window_frames)
    actions, failed = lay_ready(frames, folder, scene.queued, decided)
    for job_id, reason in failed.items():
        _fail(scene.queued[job_id].job, reason)
    written = changes(scene.queued, actions, settings().jobs_kept_s)
    sends = [action for action in actions if isinstance(action, Send)]
    commands = [*written, *chain.from_iterable(map(_bell, sends))]
    if commands and not turns.commit(broker, scene.turn, commands):
        _take_back(decided)
        return False
    for send in sends:
        _tell(send)
    _end_what_is_over(scene)
    return True


def _end_what_is_over(scene: Scene) -> None:
    for job in giving_way(scene.queued.values(), scene.now_ms):
        _cut_off(job)
    for queued in scene.queued.values():
        if queued.is_aired:
            _end(queued.job)


def _decide(scene: Scene, window_frames: int) -> Sequence[Action]:
    used, bound = scene.held
    if used > min(settings().window_bytes, FULL * bound if bound else inf):
        log.warning("the frames server holds %d bytes: only what airs next is handed out", used)
        window_frames = SOON_FRAMES
    absent_s = _absence.note(scene.now_ms, {q.engine for q in scene.queued.values()}, scene.workers)
    views = [queued.view for queued in scene.queued.values()]
    return assign(scene.now_ms, views, scene.workers, window_frames, absent_s)


def _take_back(actions: Sequence[Action]) -> None:
    """Forget what was laid ready for jobs that ended meanwhile: whoever ended them has forgotten the rest."""
    for action in actions:
        job = jobs.load(stores.broker(), action.job)
        if job is None or job.state in ENDED:
            supply.forget(stores.frames(), action.job, [action.chunk])


def _bell(send: Send) -> list[Command]:
    """Return what tells the worker; if that gets lost the chunk is overdue in time, and rung again.

    What a worker that takes nothing was told longest ago is overdue, and dropped.
    """
    ids = (send.job, send.chunk, send.attempt)
    bell = message(send.worker, "workers.render", ids, "{}.{}.{}".format(*ids))
    return [("LPUSH", send.worker, bell), ("LTRIM", send.worker, "0", str(BELLS_MAX - 1))]


def _tell(send: Send) -> None:
    if send.chunk == 0 and send.attempt == 1:
        log.info("job %s begins, at %s", send.job, send.worker)
    if send.attempt > 1:
        log.warning("job %s chunk %d: try %d, at %s", send.job, send.chunk, send.attempt, send.worker)


def _end(job: Job) -> None:
    """End a job that has aired, though the broker does not know: it may have lost the last second."""
    ended = jobs.move(
        stores.broker(),
        job,
        State.DONE,
        settings().jobs_kept_s,
        (State.RENDERING, State.ON_AIR),
        frames_aired=job.frames,
    )
    if ended:
        log.warning("job %s had aired, and the broker did not know it any more", job.id)


def _cut_off(job: Job) -> None:
    """Take a job off the air for the one behind it, which can begin."""
    if jobs.move(stores.broker(), job, State.CANCELLED, settings().jobs_kept_s, {State.ON_AIR}):
        log.info("job %s gives way to one that was posted to be heard now", job.id)
        # by now more of it may have been handed out than when this pass looked
        latest = jobs.load(stores.broker(), job.id) or job
        housekeeping.forget(stores.frames(), settings().uploads_folder, latest)


def _fail(job: Job, reason: str) -> None:
    if jobs.move(stores.broker(), job, State.FAILED, settings().jobs_kept_s, error=reason):
        log.error("job %s failed: %s", job.id, reason)
