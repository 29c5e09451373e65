"""The jobs of a soak: posted when they are due, some cancelled, each judged once it has aired."""

import http.client
import math
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import av

from bench.soak.plan import Post
from bench.soak.player import Player
from tests.meter import Kind, Report, Sent, judge, view
from tests.metering.chirps import speech, wav
from tests.system import System

ENDED = frozenset({"done", "cancelled", "failed", "expired"})
BEFORE_S = 2.0
"""What is received before a job was last seen to wait: the record tells each 0.2 s what is on air."""
ARRIVED_S = 2.0
"""A job that is done is in ffmpeg's pipe; its last frames and the mouth that closes are yet to come."""
NOT_THE_JOBS = frozenset({Kind.STRANGER, Kind.CROSS, Kind.TURN, Kind.STALL})
"""Another job's frames, and what a busy machine may cause (see `tests.e2e.show`)."""
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
    """

    job_id: str
    from_s: float
    to_s: float
    offset_s: float | None
    faults: tuple[str, ...]


class Jobs:
    """Keeps those under way, and what became of the others."""

    def __init__(self, system: System, player: Player) -> None:
        self._system, self._player = system, player
        self._under_way: dict[str, Job] = {}
        self._arriving: list[tuple[float, Job]] = []
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
        now_s = time.monotonic()
        while self._arriving and self._arriving[0][0] <= now_s:
            self.verdicts.append(self._judge(self._arriving.pop(0)[1]))
        for job in list(self._under_way.values()):
            try:
                self._follow(job)
            except NO_SERVER:
                return

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
            self._arriving.append((time.monotonic() + ARRIVED_S, job))

    def _end(self, job: Job, how: str) -> None:
        self.ends[how] += 1
        del self._under_way[job.id]

    def _judge(self, job: Job) -> Verdict:
        now_s = time.monotonic()
        from_s = job.waits_s - BEFORE_S
        sent = Sent(job.id, speech(job.number, job.post.length_s))
        try:
            report = judge(view(self._player.since(from_s)), [sent])
        except av.error.FFmpegError as error:
            return Verdict(job.id, from_s, now_s, None, (f"cannot be decoded: {error}",))
        faults = tuple(str(fault) for fault in report.faults if fault.kind not in NOT_THE_JOBS)
        return Verdict(job.id, from_s, now_s, next(_offsets(report), None), faults)


def _offsets(report: Report) -> Iterator[float]:
    """Yield the median offset of each job of which one can be told."""
    for job in report.jobs:
        if offsets := list(job.heard.offsets_s.values()):
            yield statistics.median(offsets)
