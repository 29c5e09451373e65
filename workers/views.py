"""What a dispatch pass sees: the broker's records, gathered into the views that `assignment` decides on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from avatars.loop import period
from wire import chunks, supply, turns
from wire.chunks import Row, Stage
from wire.connection import Memory
from wire.jobs import Job, State
from wire.lineup import Lineup
from wire.media import FPS
from wire.supply import Fence
from wire.workers import Worker, family, takers
from workers import starts
from workers.assignment import JobView
from workers.effort import effort
from workers.meeting import meeting_of
from workers.slices import resting_chunks

PREFERRED = "latentsync"


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that can be rendered, its chunk table, and where on the timeline it starts.

    `epoch` is the one to render under; `fenced` tells whether the frames server has a fence of that epoch;
    `is_aired` whether that knows all of the job to have aired: a broker may have lost its last second;
    `heard` which pieces of what engines hear of the job lie there.
    `leap` is by how many positions the timeline moves on for it to start (see `wire.jobs.Job`).
    """

    job: Job
    rows: Mapping[int, Row]
    start: int
    engine: str
    epoch: int
    fenced: bool
    is_aired: bool
    heard: frozenset[int]
    view: JobView
    leap: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """What a pass decides on: `turn` is the broker's when it looked, `held` the frames server's memory."""

    turn: str
    now_ms: int
    held: Memory
    queued: Mapping[str, Queued]
    workers: Sequence[Worker]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A job within the window, its chunk table, where it starts, and in how many frames from now."""

    job: Job
    rows: Mapping[int, Row]
    start: int
    leap: int
    engine: str
    airs_in: int
    goes_first: bool
    cuts_off: bool


def gather(broker: Redis, frames: Redis, folder: Path, window_frames: int) -> Scene:
    """Return what there is to hand out within the window, and to whom; `folder` is that of uploads."""
    seen = turns.look(broker, window_frames)
    now = seen.now_ms
    rendering = [worker for worker in seen.workers if worker.role == "render"]
    staying = takers(rendering)
    planned = [plan for line in seen.lineups for plan in _walk(line, staying, now, window_frames)]
    fences, held = supply.look(frames, {plan.job.id: _done(plan.rows) for plan in planned})
    queued = {plan.job.id: _queued(folder, plan, fences.get(plan.job.id)) for plan in planned}
    return Scene(seen.turn, now, held, queued, rendering)


def _done(rows: Mapping[int, Row]) -> list[int]:
    return [chunk for chunk, row in rows.items() if row.stage is Stage.DONE]


def pin_engine(rendering: Sequence[Worker]) -> str:
    """Return the engine for a job that has none yet; empty if no worker lives.

    LatentSync wherever it lives, for viseme, always faster, is a preview; else the engine, built in or not,
    that renders most frames a second over all its workers.
    """
    speeds: dict[str, float] = {}
    for worker in rendering:
        speeds[worker.engine] = speeds.get(worker.engine, 0.0) + worker.speed
    return max(speeds, key=lambda engine: (family(engine) == PREFERRED, speeds[engine]), default="")


def _walk(line: Lineup, rendering: Sequence[Worker], now: int, window_frames: int) -> Iterator[_Planned]:
    """Yield the channel's jobs within the window, each starting where the one before it ends; one that cuts
    that off, as soon as it can."""
    channel = line.channel
    meeting = meeting_of(channel, now)
    position = channel.position_at(now)
    end: int | None = None
    before: Job | None = None
    for job, rows in line.jobs:
        cuts_off = before is not None and job.cuts_off(before)
        before, end = job, None if cuts_off else end
        if end is not None and end - position > window_frames:
            return
        engine = job.engine or pin_engine(rendering)
        leap = job.leap
        begins = earliest = job.position - leap
        if job.position < 0 or (end is None and job.state is not State.ON_AIR):
            lead = _lead_s(job, engine, rendering, window_frames) + cuts_off * starts.GIVES_WAY_S
            earliest = starts.plan(position, lead, end)
        if job.position < 0:
            begins, leap = earliest, meeting.leap(earliest, end) if meeting else 0
        start = begins + leap
        airs_at = min(begins, earliest)  # before its place if the job that it was planned behind was cut off
        from_now = 0 if job.state is State.ON_AIR else max(airs_at, position, end or 0) - position
        rest = job.frames - job.frames_aired
        end = starts.actual_end(start + job.frames, position + from_now + rest, period(channel.avatar_frames))
        goes_first = job.state is State.ON_AIR and not any(other.cuts_off(job) for other, _ in line.jobs[1:2])
        yield _Planned(job, rows, start, leap, engine, from_now - job.frames_aired, goes_first, cuts_off)
        position = max(position, start - from_now) if leap else position  # as it will be when that has begun


def _lead_s(job: Job, engine: str, rendering: Sequence[Worker], window_frames: int) -> float:
    each = effort(engine, job.inference_steps, job.guidance_scale)
    speeds = [worker.speed / each for worker in rendering if worker.engine == engine]
    return starts.lead_s(job.frames, speeds, window_frames / FPS)


def _queued(folder: Path, plan: _Planned, fence: Fence | None) -> Queued:
    """Return the job with what both servers hold of it."""
    job, rows, engine = plan.job, plan.rows, plan.engine
    fenced = fence is not None and fence.epoch == job.epoch
    first = max(chunks.chunk_of(job.frames_aired), fence.chunk if fence else 0)
    ahead = {chunk: row for chunk, row in rows.items() if chunk >= first}
    there = fence.there if fence else frozenset()
    each = effort(engine, job.inference_steps, job.guidance_scale)
    ranks = plan.goes_first, plan.cuts_off
    rests = resting_chunks(folder, job)
    view = JobView(job.id, engine, job.frames, first, plan.airs_in, ahead, there, each, *ranks, rests)
    epoch = job.epoch + (not fenced and job.chunks_sent > 0)
    is_aired = fence is not None and fence.chunk >= chunks.count(job.frames)
    heard = fence.heard if fence else frozenset()
    return Queued(job, rows, plan.start, engine, epoch, fenced, is_aired, heard, view, plan.leap)
