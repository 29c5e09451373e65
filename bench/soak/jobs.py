"""The jobs of a soak: posted when they are due, some cancelled, each judged once it has aired."""

import http.client
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import av

from bench.soak.plan import Post
from bench.soak.player import Player
from tests.meter import Kind, Report, Sent, judge, view
from tests.metering.chirps import speech, wav
from tests.system import System
from wire.media import FPS

ENDED = frozenset({"done", "cancelled", "failed", "expired"})
BEFORE_S = 2.0
"""What is received before a job was last seen to wait: the record tells each 0.2 s what is on air."""
CLOSING_S = 0.5
"""A job that is done has left ffmpeg, but its last frames and the mouth that closes are yet to come."""
AWAITED_S = 30.0
"""What does not come by then does not come."""
NOT_THE_JOBS = frozenset({Kind.STRANGER, Kind.CROSS, Kind.TURN, Kind.STALL})
"""Another job's frames, and what a busy machine may cause (see `tests.e2e.show`)."""
VEILED = frozenset({Kind.DOUBLE, Kind.UNREADABLE})
"""What the meter makes of two mouths in a picture that is a mixture."""
NO_SERVER = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Job:
    """A job under way. Times are on the monotonic clock; `waits_s` is when it was last seen not to be on air
    yet, `cancel_s` when it is to be cancelled, if ever.
    """

    id: str
    number: int
    post: Post
    waits_s: float
    cancel_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """What viewers got of a job, on air between two moments of the monotonic clock.

    `offset_s` is the median of sound's timestamp less picture's, None where the job was too short to tell.
    `is_degraded`: its record admits that not all of it was sent as it should be.
    """

    job_id: str
    from_s: float
    to_s: float
    offset_s: float | None
    faults: tuple[str, ...]
    is_degraded: bool = False


@dataclass(frozen=True, slots=True)
class Arriving:
    """A job that is over by its `record`, and comes up to the timestamp `until_s`; it is judged `by_s` of the
    monotonic clock at the latest."""

    job: Job
    record: dict[str, Any]
    until_s: float
    by_s: float


class Jobs:
    """Keeps those under way, and what became of the others."""

    def __init__(self, system: System, player: Player, tick: Callable[[], int]) -> None:
        """`tick` returns the one that the streamer sent last; timestamps go by it."""
        self._system, self._player, self._tick = system, player, tick
        self._under_way: dict[str, Job] = {}
        self._arriving: list[Arriving] = []
        self._number = 0
        self.posted = 0
        self.ends: Counter[str] = Counter()
        """By state; failed jobs by their reason, those that nobody knows any more as `lost`."""
        self.refused: Counter[str] = Counter()
        """What the API did not accept, by the code of its answer."""
        self.verdicts: list[Verdict] = []

    @property
    def are_over(self) -> bool:
        return not (self._under_way or self._arriving)

    @property
    def over(self) -> int:
        """How many are over."""
        return sum(self.ends.values())

    def post(self, post: Post) -> None:
        """Post a job whose sound is like no other's."""
        self._number += 1
        sound = wav(speech(self._number, post.length_s))
        try:
            answer = self._system.client.post(sound, mode=post.mode)
        except NO_SERVER as error:
            self.refused[type(error).__name__] += 1
            return
        if answer.status != 200:
            self.refused[str(answer.body["error"]["code"])] += 1
            return
        now_s, job_id = time.monotonic(), str(answer.body["task_id"])
        self.posted += 1
        self._under_way[job_id] = Job(job_id, self._number, post, now_s, now_s + post.cancel_s)

    def look(self) -> None:
        """Ask what became of each job; cancel those that are due, and judge those that have arrived."""
        while self._arriving and self._has_arrived(self._arriving[0]):
            self.verdicts.append(self._judge(self._arriving.pop(0)))
        for job in list(self._under_way.values()):
            try:
                self._follow(job)
            except NO_SERVER:
                return

    def _has_arrived(self, arriving: Arriving) -> bool:
        pictures, _ = self._player.counts
        return pictures.last_s >= arriving.until_s or time.monotonic() > arriving.by_s

    def _follow(self, job: Job) -> None:
        now_s = time.monotonic()
        if job.cancel_s <= now_s and self._system.client.cancel(job.id).status < 500:
            job = replace(job, cancel_s=math.inf)
        answer = self._system.client.get(f"/jobs/{job.id}")
        if answer.status == 200 and answer.body["state"] not in {"on_air", *ENDED}:
            job = replace(job, waits_s=now_s)
        self._under_way[job.id] = job
        if answer.status == 404:
            self._end(job, "lost")
        elif answer.status == 200 and answer.body["state"] in ENDED:
            self._close(job, answer.body)

    def _close(self, job: Job, record: dict[str, Any]) -> None:
        reason = f"failed: {record['error']}" if record["state"] == "failed" else str(record["state"])
        self._end(job, reason)
        if record["state"] == "done" and not record["interrupted"]:
            until_s = self._tick() / FPS + CLOSING_S
            self._arriving.append(Arriving(job, record, until_s, time.monotonic() + AWAITED_S))

    def _end(self, job: Job, how: str) -> None:
        self.ends[how] += 1
        del self._under_way[job.id]

    def _judge(self, arriving: Arriving) -> Verdict:
        job, record = arriving.job, arriving.record
        now_s, from_s = time.monotonic(), job.waits_s - BEFORE_S
        sent = Sent(job.id, speech(job.number, job.post.length_s))
        try:
            stream = view(self._player.since(from_s))
        except av.error.FFmpegError as error:
            return Verdict(job.id, from_s, now_s, None, (f"cannot be decoded: {error}",))
        report = judge(stream, [sent])
        excused = NOT_THE_JOBS | ({Kind.FADE} if record["underruns"] else set())  # it faded in its midst
        mixed_s = {picture.pts_s for picture in stream.pictures if picture.seen.is_mixed}
        faults = tuple(
            str(fault)
            for fault in report.faults
            if fault.kind not in excused and not (fault.kind in VEILED and fault.at_s in mixed_s)
        )
        return Verdict(job.id, from_s, now_s, next(_offsets(report), None), faults, record["degraded"])


def _offsets(report: Report) -> Iterator[float]:
    """Yield the median offset of each job of which one can be told."""
    for job in report.jobs:
        if offsets := list(job.heard.offsets_s.values()):
            yield statistics.median(offsets)
