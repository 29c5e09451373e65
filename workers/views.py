"""What a dispatch pass sees: the broker's records, gathered into the views that `assignment` decides on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from redis import Redis

from avatars.loop import period
from wire import channels, chunks, jobs, supply, workers
from wire.channels import Channel
from wire.chunks import Row
from wire.connection import now_ms
from wire.jobs import UNPREPARED, Job, State
from wire.media import FPS
from wire.workers import Worker
from workers import starts
from workers.assignment import JobView, WorkerView
from workers.effort import effort

PREFERRED = "latentsync"


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that can be rendered, its chunk table, and where on the timeline it starts.

    `epoch` is the one to render under; `fenced` tells whether the frames server has a fence of that epoch.
    """

    job: Job
    rows: Mapping[int, Row]
    start: int
    engine: str
    epoch: int
    fenced: bool
    view: JobView


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one pass decides on.

    `waiting` holds each channel's first job that is not prepared; `prepares` tells whether a prepare worker
    lives.
    """

    now_ms: int
    queued: Mapping[str, Queued]
    workers: Sequence[WorkerView]
    waiting: Sequence[Job]
    prepares: bool


def gather(broker: Redis, frames: Redis, window_frames: int) -> Scene:
    """Return what there is to hand out within the window, and to whom."""
    now = now_ms(broker)
    alive = workers.live(broker)
    rendering = [worker for worker in alive if worker.role == "render"]
    queued: dict[str, Queued] = {}
    waiting: list[Job] = []
    for name in channels.names(broker):
        channel = channels.load(broker, name)
        ready, unprepared = _split(jobs.load_many(broker, jobs.playlist(broker, name)))
        waiting += unprepared[:1]
        if channel is not None:
            walk = _walk(broker, frames, channel, ready, rendering, now, window_frames)
            queued |= {q.job.id: q for q in walk}
    views = [WorkerView(worker.queue, worker.engine, worker.speed) for worker in rendering]
    return Scene(now, queued, views, waiting, any(worker.role == "prepare" for worker in alive))


def pin_engine(rendering: Sequence[Worker]) -> str:
    """Return the engine for a job that has none yet; empty if no worker lives.

    LatentSync wherever it lives, for viseme, always faster, is a preview; else the engine, built in or not,
    that renders most frames a second over all its workers.
    """
    speeds: dict[str, float] = {}
    for worker in rendering:
        speeds[worker.engine] = speeds.get(worker.engine, 0.0) + worker.speed
    return max(speeds, key=lambda engine: (engine == PREFERRED, speeds[engine]), default="")


def _split(playlist: list[Job]) -> tuple[list[Job], list[Job]]:
    """Return the jobs up to the first that is not prepared, and those that are not prepared."""
    unprepared = [job for job in playlist if job.state in UNPREPARED]
    ready = playlist[: playlist.index(unprepared[0])] if unprepared else playlist
    return ready, unprepared


def _walk(
    broker: Redis,
    frames: Redis,
    channel: Channel,
    ready: Sequence[Job],
    rendering: Sequence[Worker],
    now: int,
    window_frames: int,
) -> Iterator[Queued]:
    """Yield the channel's jobs within the window, each starting where the one before it ends."""
    position = channel.position_at(now)
    end: int | None = None
    for job in ready:
        if end is not None and end - position > window_frames:
            return
        engine = job.engine or pin_engine(rendering)
        start = earliest = job.position
        if start < 0 or (end is None and job.state is not State.ON_AIR):
            lead = _lead_s(job, engine, rendering, window_frames)
            earliest = starts.plan(position, lead, end)
            start = earliest if start < 0 else start
        airs_at = min(start, earliest)  # before its place if the job that it was planned behind was cut off
        from_now = 0 if job.state is State.ON_AIR else max(airs_at, position, end or 0) - position
        rest = job.frames - job.frames_aired
        end = starts.actual_end(start + job.frames, position + from_now + rest, period(channel.avatar_frames))
        yield _look(broker, frames, job, start, engine, from_now - job.frames_aired)


def _lead_s(job: Job, engine: str, rendering: Sequence[Worker], window_frames: int) -> float:
    each = effort(engine, job.inference_steps, job.guidance_scale)
    speeds = [worker.speed / each for worker in rendering if worker.engine == engine]
    return starts.lead_s(job.frames, speeds, window_frames / FPS)


def _look(broker: Redis, frames: Redis, job: Job, start: int, engine: str, airs_in: int) -> Queued:
    """Return the job with what both servers hold of it."""
    rows = chunks.table(broker, job.id)
    fence = supply.look(frames, job.id, list(rows))
    fenced = fence is not None and fence.epoch == job.epoch
    first = max(chunks.chunk_of(job.frames_aired), fence.chunk if fence else 0)
    ahead = {chunk: row for chunk, row in rows.items() if chunk >= first}
    there = fence.there if fence else frozenset()
    each = effort(engine, job.inference_steps, job.guidance_scale)
    view = JobView(job.id, engine, job.frames, job.chunks_sent, airs_in, ahead, there, each)
    epoch = job.epoch + (not fenced and job.chunks_sent > 0)
    return Queued(job, rows, start, engine, epoch, fenced, view)
