"""The meter: judges a stream as a viewer's player receives it.

The test clip and the made-up engine write numbers into the picture (`tests.metering.marks`), and each
chunk's sound is a chirp of its own (`tests.metering.chirps`), so everything that viewers get can be told
from what they were meant to get:

    with Reader(url) as reader:
        ...
    report = judge(view(reader.recording), [Sent(job_id, sound)])
    assert not report.faults, report
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.metering import body, hearing, spoken, timing
from tests.metering.faults import Fault, Kind
from tests.metering.hearing import Heard
from tests.metering.marks import job_number
from tests.metering.recording import Reader
from tests.metering.spoken import Shown
from tests.metering.stream import Stream, view
from wire.media import frames_of

__all__ = ["Fault", "Kind", "Reader", "Report", "Sent", "Spoken", "judge", "view"]

CLIP_FRAMES = 250
"""The test clip's length: 10 s."""
FADE_FRAMES = 4
"""The default of the setting `fade_frames`."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A job as posted: `sound` is `(n,)` int16 at 48 kHz."""

    job_id: str
    sound: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Spoken:
    """One job as received. Times are timestamps of the stream in seconds.

    `frames` counts the frames seen; `start_s` and `end_s` are when the first and the last were first
    shown; `fade_in` and `fade_out` are the patch's levels before and after it was shown in full;
    `attempts` are those seen in each chunk.
    """

    job_id: str
    frames: int
    start_s: float
    end_s: float
    fade_in: tuple[float, ...]
    fade_out: tuple[float, ...]
    attempts: dict[int, frozenset[int]]
    heard: Heard


@dataclass(frozen=True, slots=True)
class Report:
    """What a viewer got. Gaps are the longest between two pictures; offsets are sound's timestamp less
    picture's, over all jobs; all in seconds. A fault-free stream has no `faults`."""

    pictures: int
    worst_gap_pts_s: float
    worst_gap_arrival_s: float
    offset_min_s: float
    offset_max_s: float
    offset_p99_s: float
    jobs: tuple[Spoken, ...]
    faults: tuple[Fault, ...]

    def kinds(self) -> set[Kind]:
        """Return which kinds of fault there are."""
        return {fault.kind for fault in self.faults}

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def judge(
    stream: Stream, sent: Sequence[Sent], clip_frames: int = CLIP_FRAMES, fade_frames: int = FADE_FRAMES
) -> Report:
    """Return what a viewer of `stream` got of the jobs `sent`."""
    shown = {job.job_id: spoken.of_job(job.job_id, stream.pictures) for job in sent}
    jobs = {job.job_id: _spoken(stream, job, shown[job.job_id]) for job in sent if shown[job.job_id]}
    offsets = [offset for job in jobs.values() for offset in job.heard.offsets_s.values()] or [0.0]
    found = [*timing.judge(stream), *body.judge(stream.pictures, clip_frames), *_strangers(stream, sent)]
    for job in sent:
        found += _judge_job(stream, job, shown[job.job_id], jobs.get(job.job_id), fade_frames)
    return Report(
        pictures=len(stream.pictures),
        worst_gap_pts_s=timing.worst_gap([p.pts_s for p in stream.pictures]),
        worst_gap_arrival_s=timing.worst_gap([p.arrival_s for p in stream.pictures]),
        offset_min_s=min(offsets),
        offset_max_s=max(offsets),
        offset_p99_s=float(np.percentile(np.abs(offsets), 99)),
        jobs=tuple(jobs.values()),
        faults=tuple(sorted(found, key=lambda fault: fault.at_s)),
    )


def _spoken(stream: Stream, job: Sent, views: Sequence[Shown]) -> Spoken:
    times = spoken.first_times(views, stream.pictures)
    return Spoken(
        job_id=job.job_id,
        frames=len(times),
        start_s=min(times.values()),
        end_s=max(times.values()),
        fade_in=spoken.fade_in(views),
        fade_out=spoken.fade_out(views),
        attempts=spoken.attempts(views),
        heard=hearing.listen(stream.sound, job.sound, times),
    )


def _judge_job(
    stream: Stream, job: Sent, views: Sequence[Shown], seen: Spoken | None, fade_frames: int
) -> Iterator[Fault]:
    frames = frames_of(len(job.sound))
    if seen is None:
        yield Fault(Kind.MISSING, 0.0, f"all {frames} frames of job {job.job_id}")
        return
    times = spoken.first_times(views, stream.pictures)
    yield from spoken.judge(views, times, frames)
    if frames > 2 * fade_frames:
        yield from spoken.fades(views, stream.pictures, fade_frames)
    yield from hearing.judge(seen.heard, stream.sound, job.sound, times)


def _strangers(stream: Stream, sent: Sequence[Sent]) -> Iterator[Fault]:
    known = {job_number(job.job_id) for job in sent}
    for shown in spoken.shown(stream.pictures):
        if shown.mark.job not in known:
            yield Fault(Kind.STRANGER, shown.pts_s, str(shown.mark))


def _lines(report: Report) -> Iterator[str]:
    yield (
        f"{report.pictures} pictures, worst gap {report.worst_gap_pts_s * 1000:.0f} ms by timestamp, "
        f"{report.worst_gap_arrival_s * 1000:.0f} ms by arrival; sound to picture "
        f"{report.offset_min_s * 1000:+.1f} to {report.offset_max_s * 1000:+.1f} ms, "
        f"p99 {report.offset_p99_s * 1000:.1f} ms"
    )
    for job in report.jobs:
        tries = sorted(set[int]().union(*job.attempts.values()))
        likeness = "silent" if job.heard.likeness is None else f"alike by {job.heard.likeness:.3f}"
        yield (
            f"job {job.job_id}: {job.frames} frames from {job.start_s:.3f} to {job.end_s:.3f} s, "
            f"in {job.fade_in}, out {job.fade_out}, {likeness}, tries {tries}"
        )
    yield from map(str, report.faults or ["no faults"])
