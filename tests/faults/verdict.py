"""Hurting a system while jobs are spoken, and what has to be true whatever was done to it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from redis import Redis

from tests.e2e.show import Show, inexcusable, show
from tests.faults.accounts import absent_frames, account, paused_s, unheard
from tests.faults.ledger import Entry
from tests.metering.faults import Kind
from tests.system import System
from wire import chunks, connection, jobs
from wire.chunks import Row, Stage
from wire.jobs import Job

Sound = NDArray[np.int16]
TIMEOUT_S = 5.0
AIRED_S = 30.0
HOLE = {Kind.MISSING, Kind.TIMESTAMP, Kind.STALL, Kind.JUMP}
"""What a stream looks like that lacks pictures and their sound, and goes on where it would be by then."""


def broker(system: System) -> Redis:
    return connection.broker(system.environment["LIVE_BROKER_URL"], TIMEOUT_S)


def frames(system: System) -> Redis:
    return connection.frames(system.environment["LIVE_FRAMES_URL"], TIMEOUT_S)


def survive(
    system: System,
    sounds: Sequence[Sound],
    hurt: Callable[[], object],
    entry: Entry,
    replaced: Sequence[int] = (),
    before: Callable[[], object] = lambda: None,
) -> Show:
    """Post `sounds`, `hurt` the system at once, and check what its viewers got; note it in `entry`.

    `replaced` says how many chunks of each job have to air with the clip's own mouth; by default none.
    `before` is called right before the sounds are posted.
    """
    seen = show(system, sounds, hurt, before)
    check(system, seen, sounds, entry, replaced)
    return seen


def check(
    system: System, seen: Show, sounds: Sequence[Sound], entry: Entry, replaced: Sequence[int] = ()
) -> None:
    """Check that every chunk is accounted for, that nothing else was wrong, and that nothing is left over."""
    for job in records(system, seen):
        entry.paused_s.append(paused_s(job, seen.stream))
        past = [frame for frame in absent_frames(job, seen.stream) if frame < job.frames_aired]
        entry.own_mouth_frames.append(len(past))
    faults = inexcusable(seen.report.faults, seen.stream.pictures)
    assert [fault for fault in faults if fault.kind is not Kind.MISSING] == [], str(seen.report)
    for job, sound, count in zip(records(system, seen), sounds, replaced or [0] * len(sounds), strict=True):
        _check_job(job, seen, sound, count)
    system.await_that(lambda: not leftovers(system), lambda: f"cleared: {leftovers(system)}", 20)


def _check_job(job: Job, seen: Show, sound: Sound, replaced: int) -> None:
    told = account(job, seen.stream)
    assert told.is_even, f"{told}\n{seen.report}"
    if job.state == "done":
        assert told.dispatched == chunks.count(job.frames), f"{told}\n{seen.report}"
        assert (job.frames_aired, told.replaced) == (job.frames, replaced), f"{job}\n{seen.report}"
        assert job.degraded == (replaced > 0), job
        assert list(unheard(job, seen.stream, sound)) == [], str(seen.report)


def check_but_holes(seen: Show) -> None:
    """Check that what came was right, in its place and in time, whatever did not come."""
    faults = inexcusable(seen.report.faults, seen.stream.pictures)
    assert {fault.kind for fault in faults} <= HOLE, str(seen.report)
    assert all(one.pts_s < next_.pts_s for one, next_ in pairwise(seen.stream.pictures)), str(seen.report)


def records(system: System, seen: Show) -> list[Job]:
    """Return the records of the jobs that were posted."""
    return jobs.load_many(broker(system), [job["id"] for job in seen.jobs])


def leftovers(system: System) -> list[str]:
    """Return the keys of chunks that are still there."""
    tables = [str(key) for key in broker(system).scan_iter("chunks:*")]
    kept = [key.decode() for kind in ("frames", "sound") for key in frames(system).scan_iter(f"{kind}:*")]
    return tables + kept


def await_row(
    system: System, chunk: int, stage: Stage = Stage.RUNNING, attempt: int = 1, channel: str = "main"
) -> Row:
    """Wait until the chunk of the channel's first job is in that stage of that try; return its row."""
    found: list[Row] = []

    def is_there() -> bool:
        with suppress(IndexError, KeyError):
            row = chunks.table(broker(system), jobs.playlist(broker(system), channel)[0])[chunk]
            if (row.stage, row.attempt) == (stage, attempt):
                found.append(row)
        return bool(found)

    system.await_that(is_there, f"chunk {chunk} {stage}")
    return found[0]


def await_aired(system: System, frames: int) -> None:
    """Wait until the broker was told that so many frames of the main channel's job were sent."""

    def has_aired() -> bool:
        on = jobs.load_many(broker(system), jobs.playlist(broker(system), "main"))
        return any(job.frames_aired >= frames for job in on)

    system.await_that(has_aired, f"at frame {frames}", AIRED_S)


def process_of(row: Row) -> str:
    """Return the name of the process that serves the row's worker."""
    return f"render{row.worker.rpartition('.')[2]}"
