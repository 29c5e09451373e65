"""What a dispatch pass sees: the broker's records, gathered into the views that `assignment` decides on."""

from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis

from avatars.loop import period
from wire import channels, chunks, jobs, keys, workers
from wire.channels import Channel
from wire.chunks import Row
from wire.connection import now_ms
from wire.jobs import Job, State
from wire.workers import Worker
from workers import starts
from workers.assignment import JobView, WorkerView


@dataclass(frozen=True, slots=True)
class Queued:
    """A job that can be rendered, its chunk table, and where on the timeline it starts."""

    job: Job
    rows: dict[int, Row]
    start: int
    view: JobView


@dataclass(frozen=True, slots=True)
class Picture:
    """All that one pass decides on. `unprepared` holds the jobs that keep a playlist waiting."""

    now_ms: int
    queued: dict[str, Queued]
    workers: list[WorkerView]
    unprepared: list[Job]


def gather(broker: Redis, frames: Redis, window_s: float) -> Picture:
    """Return what there is to hand out within `window_s` of the air, and to whom."""
    now = now_ms(broker)
    rendering = [worker for worker in workers.live(broker) if worker.role == "render"]
    queued: dict[str, Queued] = {}
    unprepared: list[Job] = []
    for name in channels.names(broker):
        channel = channels.load(broker, name)
        ready, waiting = _split(jobs.load_many(broker, jobs.playlist(broker, name)))
        unprepared += waiting
        if channel is not None:
            queued |= {q.job.id: q for q in _walk(broker, frames, channel, ready, rendering, now, window_s)}
    views = [WorkerView(worker.queue, worker.engine, worker.speed) for worker in rendering]
    return Picture(now, queued, views, unprepared)


def _split(playlist: list[Job]) -> tuple[list[Job], list[Job]]:
    """Return the jobs up to the first that is not prepared, and those that are not prepared."""
    waiting = [job for job in playlist if job.state in (State.QUEUED, State.PREPARING)]
    ready = playlist[: playlist.index(waiting[0])] if waiting else playlist
    return ready, waiting


def _walk(
    broker: Redis,
    frames: Redis,
    channel: Channel,
    ready: list[Job],
    rendering: list[Worker],
    now: int,
    window_s: float,
) -> Iterator[Queued]:
    """Yield the channel's jobs, each starting where the one before it ends."""
    position = channel.position_at(now)
    end: int | None = None
    for job in ready:
        start = job.position
        if start < 0:
            speeds = [worker.speed for worker in rendering if worker.engine == job.engine]
            start = starts.plan(position, starts.lead_s(job.frames, speeds, window_s), end)
        remaining_from = position if job.state is State.ON_AIR else max(start, position, end or 0)
        airs_in = remaining_from - position - job.frames_aired
        end = starts.actual_end(
            start + job.frames, remaining_from + job.frames - job.frames_aired, period(channel.avatar_frames)
        )
        rows = chunks.table(broker, job.id)
        ahead = {chunk: row for chunk, row in rows.items() if chunk >= chunks.chunk_of(job.frames_aired)}
        fenced = job.chunks_sent == 0 or frames.exists(keys.fence(job.id)) == 1
        view = JobView(job.id, job.engine, job.frames, job.chunks_sent, airs_in, fenced, ahead)
        yield Queued(job, rows, start, view)
