"""How what a pass decided is written down on the broker. Pure; `wire.turns` carries it out."""

from collections.abc import Iterator, Mapping, Sequence

from wire import chunks, keys
from wire.chunks import Row, Stage
from wire.jobs import Job
from wire.media import FPS
from wire.tallies import Tally
from wire.turns import Command
from workers.assignment import Action, Replace, Send
from workers.views import Queued

OWN_MOUTH = "the clip's own mouth aired"


def changes(queued: Mapping[str, Queued], actions: Sequence[Action], kept_s: float) -> list[Command]:
    """Return what drops the rows of what has aired, which makes room, and then writes down `actions`.

    A chunk table is kept for `kept_s` from its last change.
    """
    found: list[Command] = []
    for job_id, job in queued.items():
        aired = [str(chunk) for chunk in job.rows if chunk not in job.view.rows]
        if aired:
            found.append(("HDEL", keys.chunks(job_id), *aired))
    if actions:
        found.append(("INCR", keys.TURN))
    for action in actions:
        found += _written(queued[action.job], action, kept_s)
    return found


def _written(queued: Queued, action: Action, kept_s: float) -> Iterator[Command]:
    job, table = keys.job(action.job), keys.chunks(action.job)
    if isinstance(action, Send):
        row = Row(Stage.SENT, action.attempt, action.worker, action.deadline_ms, tried=action.tried)
        if action.attempt > 1:
            yield ("HINCRBY", keys.TALLIES, Tally.RETRIED, "1")
    else:
        row = Row(Stage.DONE, action.attempt, "dispatch", 0)
        if isinstance(action, Replace) and not action.has_come:
            yield from _degraded(queued.job, action)
    yield ("HSET", table, str(action.chunk), row.to_json())
    yield ("EXPIRE", table, str(int(kept_s)))
    yield ("HINCRBY", job, "chunks_sent", str(int(action.attempt == 1)))
    known = queued.job
    if (known.position, known.engine, known.epoch) != (queued.start, queued.engine, queued.epoch):
        place = ("position", str(queued.start), "leap", str(queued.leap))
        yield ("HSET", job, *place, "engine", queued.engine, "epoch", str(queued.epoch))


def _degraded(job: Job, action: Replace) -> Iterator[Command]:
    """Yield how the job's record and the tallies tell of a chunk that airs with the clip's own mouth."""
    yield ("HSET", keys.job(job.id), "degraded", "1")
    yield ("HINCRBY", keys.job(job.id), "chunks_replaced", "1")
    yield ("HINCRBY", keys.TALLIES, Tally.REPLACED, "1")
    if OWN_MOUTH not in job.warning:
        at_s = chunks.span(action.chunk, job.frames).start / FPS
        told = [job.warning] * bool(job.warning) + [f"{OWN_MOUTH} from {at_s:.2f} s on: {action.reason}"]
        yield ("HSET", keys.job(job.id), "warning", "; ".join(told))
