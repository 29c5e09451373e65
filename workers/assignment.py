"""Which chunk goes to which worker. Pure: `dispatch` gathers what there is, and carries out the answer.

Chunks go in order of airtime over all channels and jobs, but what airs soon of those on air goes first. Each
goes to the worker of its engine that will have done it first by its measured speed, at most two a worker: one
running, one waiting. A chunk waits for room at that worker, while later ones may go to slower workers that
have time for them. A chunk that failed at a worker waits for another where there is one. Each failure is a
try; what only waited at a worker was not tried there, and takes no room there once it is overdue: its message
may be lost.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wire import chunks
from wire.chunks import Row, Stage
from wire.media import FPS
from wire.workers import Worker
from workers.leases import SLOWEST, lease_ms

ROWS_A_WORKER = 2
TRIES = 3
ATTEMPTS = 8
"""Times that a chunk is handed out at most, heard of or not: some 15 s of messages that nobody takes."""
ABSENT_S = 10.0
"""A chunk that is to air soon is replaced when no worker of its engine has lived for so long."""
SOON_FRAMES = 2 * FPS
"""What airs within so many frames is on the air's edge."""

UNDER_WAY = (Stage.SENT, Stage.RUNNING)


@dataclass(frozen=True, slots=True)
class JobView:
    """A job that is rendered: `airs_in` frames from now its first frame airs; negative once it has.

    `first` is its first chunk that has not aired. `there` holds the chunks of `rows` that are done and whose
    frames are on the frames server; `effort` is that of each frame, see `workers.effort`. What airs soon of a
    job that `goes_first`, as it is on air, comes before all that is not, and so does the first chunk of one
    that `cuts_off` what is on air. The mouth `rests` in whole chunks.
    """

    id: str
    engine: str
    frames: int
    first: int
    airs_in: int
    rows: Mapping[int, Row]
    there: frozenset[int] = frozenset()
    effort: float = 1.0
    goes_first: bool = False
    cuts_off: bool = False
    rests: frozenset[int] = frozenset()

    def work(self, chunk: int) -> float:
        """Return the chunk's work, in frames of effort 1."""
        return self.effort * len(chunks.span(chunk, self.frames))


@dataclass(frozen=True, slots=True)
class Send:
    """Give this chunk to that worker; it failed at those `tried`."""

    job: str
    chunk: int
    attempt: int
    worker: str
    deadline_ms: int
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replace:
    """Air the clip's own mouth for this chunk, tried often enough, unless a late try `has_come` whole."""

    job: str
    chunk: int
    attempt: int
    reason: str
    has_come: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """Air the clip's own mouth for this chunk, which is silent from end to end: nothing is rendered."""

    job: str
    chunk: int
    attempt: int


Action = Send | Replace | Rest


@dataclass(frozen=True, slots=True)
class _Want:
    airs_in: int
    job: JobView
    chunk: int
    attempt: int
    tried: tuple[str, ...] = ()
    lost_at: str = ""
    reason: str = ""
    was_done: bool = False

    @property
    def rank(self) -> tuple[bool, int]:
        """By what chunks are ordered: a job that begins shall not starve one that is on air, unless for that
        to end."""
        airs_soon = self.job.goes_first and self.airs_in <= SOON_FRAMES
        return not (airs_soon or (self.job.cuts_off and self.chunk == 0)), self.airs_in


@dataclass(slots=True)
class _Load:
    """A worker while chunks are handed out: what it holds, and the work that it does and is to do."""

    worker: Worker
    rows: int = 0
    work: float = 0.0

    def done_in_s(self, work: float) -> float:
        return (self.work + work) / (self.worker.speed or SLOWEST)


@dataclass(slots=True)
class _Loads:
    """The workers that take work, and how many of them have room; mostly few, of many."""

    all: Sequence[_Load]
    free: int
    absent_s: Mapping[str, float]

    def take(self, want: _Want) -> _Load | None:
        """Give the chunk to the worker that will have done it first; None if that has no room for it now."""
        able = [load for load in self.all if load.worker.engine == want.job.engine] if self.free else []
        failed_at = {*want.tried, want.lost_at}
        fresh = [load for load in able if load.worker.queue not in failed_at]
        work = want.job.work(want.chunk)
        load = min(fresh or able, key=lambda w: w.done_in_s(work), default=None)
        if load is None:
            return None
        load.work += (
            work  # also where the chunk only waits: later ones then see that this worker has it to do
        )
        if load.rows >= ROWS_A_WORKER:
            return None
        load.rows += 1
        self.free -= load.rows == ROWS_A_WORKER
        return load


def assign(
    now_ms: int,
    jobs: Sequence[JobView],
    workers: Iterable[Worker],
    window_frames: int,
    absent_s: Mapping[str, float] | None = None,
) -> list[Action]:
    """Return what to do now with the chunks of `jobs`, at most `window_frames` ahead of the air.

    `absent_s` tells for how long no worker of an engine has lived, of those that have none now.
    """
    alive = {worker.queue: _Load(worker) for worker in workers}
    lost = [_count(now_ms, job, alive) for job in jobs]
    staying = [load for load in alive.values() if not load.worker.is_ending]
    free = [load for load in staying if load.rows < ROWS_A_WORKER]
    loads = _Loads(staying, len(free), absent_s or {})
    wants = [want for job, why in zip(jobs, lost, strict=True) for want in _wanted(job, why, window_frames)]
    return [
        done
        for want in sorted(wants, key=lambda w: w.rank)
        if (done := _answer(now_ms, want, loads)) is not None
    ]


def _count(now_ms: int, job: JobView, alive: Mapping[str, _Load]) -> dict[int, str]:
    """Count what each worker has to do of the job; return why chunks have to be done again, by their numbers.

    What is lost at a worker takes no room there, or nothing might ever be redone.
    """
    lost = {}
    for chunk, row in job.rows.items():
        if reason := _lost(now_ms, row, chunk in job.there, alive.get(row.worker)):
            lost[chunk] = reason
        elif row.stage in UNDER_WAY:
            alive[row.worker].rows += 1
            alive[row.worker].work += job.work(chunk)
    return lost


def _wanted(job: JobView, lost: Mapping[int, str], window_frames: int) -> Iterator[_Want]:
    """Yield the job's lost chunks, and those within the window that were not handed out yet."""
    newest = max(job.rows, default=-1)
    for chunk in range(job.first, chunks.count(job.frames)):
        row = job.rows.get(chunk)
        if row is not None and chunk not in lost:
            continue
        airs_in = job.airs_in + chunks.span(chunk, job.frames).start
        if airs_in > window_frames and chunk > newest:
            return
        if row is None:
            yield _Want(airs_in, job, chunk, 1)
        else:
            was_done = row.stage is Stage.DONE
            yield _Want(airs_in, job, chunk, row.attempt + 1, _tried(row), row.worker, lost[chunk], was_done)


def _lost(now_ms: int, row: Row, is_there: bool, at: _Load | None) -> str:
    """Return why the chunk has to be done again; empty if it has not. `at` is its worker, if that lives."""
    if row.stage is Stage.DONE:
        return "" if is_there else "its frames are gone from the frames server"
    if row.stage is Stage.BROKEN:
        return row.reason
    if at is None:
        return f"worker {row.worker} died"
    if row.stage is Stage.SENT and at.worker.is_ending:
        return f"worker {row.worker} is ending"
    if row.stage is Stage.RUNNING and row.life != at.worker.life:
        return f"the process of worker {row.worker} died"
    return f"overdue at worker {row.worker}" if now_ms > row.deadline_ms else ""


def _tried(row: Row) -> tuple[str, ...]:
    """Return where a chunk that got lost failed by now: not where it only waited, or was done."""
    return row.tried if row.stage in (Stage.SENT, Stage.DONE) else (*row.tried, row.worker)


def _answer(now_ms: int, want: _Want, loads: _Loads) -> Action | None:
    if want.chunk in want.job.rests:
        return Rest(want.job.id, want.chunk, want.attempt)
    if len(want.tried) >= TRIES or (want.attempt > ATTEMPTS and not want.was_done):
        return Replace(want.job.id, want.chunk, want.attempt, want.reason)
    load = loads.take(want)
    if load is None:
        absent = loads.absent_s.get(want.job.engine, 0.0) > ABSENT_S and want.airs_in <= SOON_FRAMES
        reason = f"no worker for {want.job.engine or 'it'} has lived for {ABSENT_S:.0f} s"
        return Replace(want.job.id, want.chunk, want.attempt, reason) if absent else None
    deadline = now_ms + lease_ms(load.work, load.worker.speed)
    return Send(want.job.id, want.chunk, want.attempt, load.worker.queue, deadline, want.tried)
