"""A job's record and the states it goes through."""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self, cast

from redis import Redis

from wire import keys, leases, scripts
from wire.connection import now_ms, script, text_hash
from wire.media import FPS

ID = re.compile(r"[0-9a-f]{32}")
"""What a job's id looks like, and so a folder of its own."""
KEPT = 1000
"""Ended jobs that are remembered at most; older ones are forgotten first."""


class State(StrEnum):
    QUEUED = "queued"
    PREPARING = "preparing"
    RENDERING = "rendering"
    ON_AIR = "on_air"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"


class Mode(StrEnum):
    """Where a job goes on the playlist (`wire.scripts.ADMIT`)."""

    APPEND = "append"
    NEXT = "next"
    NOW = "now"


ENDED = frozenset({State.DONE, State.CANCELLED, State.FAILED, State.EXPIRED})
UNPREPARED = frozenset({State.QUEUED, State.PREPARING})
WAITING = UNPREPARED | {State.RENDERING}
UNDER_WAY = WAITING | {State.ON_AIR}

BEFORE: dict[State, frozenset[State]] = {
    State.PREPARING: UNPREPARED,
    State.RENDERING: frozenset({State.PREPARING}),
    State.ON_AIR: frozenset({State.RENDERING, State.ON_AIR}),
    State.DONE: frozenset({State.ON_AIR}),
    State.CANCELLED: UNDER_WAY,
    State.FAILED: UNDER_WAY,
    State.EXPIRED: WAITING,
}
"""From which states a job may come into each."""


@dataclass(frozen=True, slots=True)
class Job:
    """One posted sound. Times are the broker's clock, in milliseconds; -1 stands for not yet known.

    `frames` is how many will be spoken; `position` is where on the channel's timeline the first of them
    lies; `frames_aired` says how far the streamer has got; `chunks_sent` how many chunks were handed out, and
    `chunks_replaced` how many of them air with the clip's own mouth.
    `leap` is by how many positions the timeline moves on when it starts, to where the clip that speaks is
    nearest in pose to that of idle; 0 where they are one.
    `underruns` counts how often its speech stood still on air since its next frame was late.
    `begun_ms` is when preparing was last begun, `rung_ms` when it was last asked for again; `rings` counts
    the tries that came to nothing (see `workers.overdue`).
    `announced_s` is the length that the file's header tells, 0 if it tells none.
    `on_air_ms` is when it was first known to be on air; if it is not by `expires_ms`, it never will be.
    """

    id: str
    channel: str
    state: State
    posted_ms: int
    ended_ms: int = -1
    sound_name: str = ""
    announced_s: float = 0.0
    guidance_scale: float = 1.0
    inference_steps: int = 20
    seed: int = 0
    avatar: str = ""
    avatar_frames: int = 0
    engine: str = ""
    frames: int = -1
    frames_aired: int = 0
    position: int = -1
    leap: int = 0
    chunks_sent: int = 0
    chunks_replaced: int = 0
    epoch: int = 0
    begun_ms: int = 0
    rung_ms: int = 0
    rings: int = 0
    loudest: float = 0.0
    frames_lost: int = 0
    underruns: int = 0
    degraded: bool = False
    error: str = ""
    warning: str = ""
    mode: Mode = Mode.APPEND
    priority: int = 0
    expires_ms: int = -1
    on_air_ms: int = -1

    @property
    def interrupted_at_s(self) -> float | None:
        """The second of its sound at which the job was cut off on air; None if it was not."""
        is_cut_off = self.state in ENDED and self.state is not State.DONE and self.frames_aired > 0
        return self.frames_aired / FPS if is_cut_off else None

    @classmethod
    def from_hash(cls, text: dict[str, str]) -> Self:
        """Return the job of a Redis hash.

        Raises:
            KeyError: it is not a job's hash.
        """
        values = {name: read(text[name]) for name, read in _FIELDS.items() if name in text}
        if not {"id", "channel", "state", "posted_ms"} <= values.keys():
            raise KeyError("not a job's record")
        return cls(**values)

    def cuts_off(self, on_air: "Job") -> bool:
        """Return whether the job on air gives way to this one, the next, once this can begin.

        Another that was posted with `now` does if it was on air when this was posted; else it is this one's
        turn after it.
        """
        is_later = on_air.mode is not Mode.NOW or on_air.on_air_ms < self.posted_ms
        return self.mode is Mode.NOW and on_air.state is State.ON_AIR and is_later

    def to_hash(self) -> dict[str, str]:
        return {f.name: _write(getattr(self, f.name)) for f in fields(self)}


_READ: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: text == "1",
    State: State,
    Mode: Mode,
}


_FIELDS = {field.name: _READ[field.type] for field in fields(Job)}


def _write(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def load(broker: Redis, job_id: str) -> Job | None:
    """Return the job, or None where there is none."""
    raw = text_hash(broker, keys.job(job_id))
    return Job.from_hash(raw) if raw else None


def load_many(broker: Redis, job_ids: Iterable[str]) -> list[Job]:
    """Return those of the jobs that there are, in the order asked for, in one round trip."""
    with broker.pipeline(transaction=False) as pipe:
        for job_id in job_ids:
            pipe.hgetall(keys.job(job_id))
        return [Job.from_hash(raw) for raw in pipe.execute() if raw]


def latest(broker: Redis, count: int) -> list[Job]:
    """Return the `count` jobs posted last, newest first."""
    return load_many(broker, cast(list[str], broker.zrevrange(keys.JOBS, 0, count - 1)))


def states(broker: Redis) -> dict[State, int]:
    """Return how many of the jobs that are known are in each state."""
    found = dict(script(broker, scripts.JOB_STATES, [keys.JOBS], keys.job("")))
    return {state: found.get(state, 0) for state in State}


def playlist(broker: Redis, channel: str) -> list[str]:
    """Return the ids of the channel's jobs that have not ended, in airing order."""
    return cast(list[str], broker.lrange(keys.playlist(channel), 0, -1))


def admit(broker: Redis, job: Job, waiting_max: int) -> bool:
    """Record `job` in its place on its channel's playlist; False if `waiting_max` jobs are there already."""
    names = [keys.job(job.id), keys.JOBS, keys.playlist(job.channel), keys.EXPIRING]
    return _record(broker, scripts.ADMIT, names, job, KEPT + waiting_max, waiting_max)


def lapsed(broker: Redis, now: int) -> list[str]:
    """Return the ids of jobs that are not on air though their time to expire has come, by `now`."""
    return cast(list[str], broker.zrange(keys.EXPIRING, 0, now, byscore=True))


def recall(broker: Redis, job: Job, kept_s: float) -> bool:
    """Record a `job` that has ended and that the broker lost, for `kept_s`; False if it knows the job."""
    return _record(broker, scripts.RECALL, [keys.job(job.id), keys.JOBS], job, KEPT, int(kept_s))


def _record(broker: Redis, source: str, names: list[str], job: Job, kept: int, bound: int) -> bool:
    flat = [part for pair in job.to_hash().items() for part in pair]
    numbers = map(str, (job.posted_ms, kept, bound))
    return bool(script(broker, source, names, job.id, *numbers, *flat) == 1)


def move(
    broker: Redis,
    job: Job,
    to: State,
    kept_s: float,
    only_from: Collection[State] | None = None,
    lease_epoch: int | None = None,
    **changes: object,
) -> bool:
    """Move `job` to the state `to` with `changes` to its record; False if it is not where that is allowed.

    That is in `only_from`, by default in all of `BEFORE[to]`. One that goes on air heads the playlist; an
    ended one leaves it, and is forgotten after `kept_s`.

    Raises:
        DeposedError: the streamer that tells it held the channel by `lease_epoch`, and another took it since.
    """
    before = BEFORE[to] if only_from is None else only_from
    flat = [part for name, value in changes.items() for part in (name, _write(value))]
    names = [keys.job(job.id), keys.playlist(job.channel), keys.chunks(job.id), keys.TURN, keys.EXPIRING]
    target = (job.id, to, "1" if to in ENDED else "", str(int(kept_s)), str(now_ms(broker)))
    args = (*target, str(len(before)), *before, *flat)
    if lease_epoch is None:
        return bool(script(broker, scripts.MOVE_JOB, names, *args) == 1)
    names.append(keys.lease(job.channel))
    return leases.accepted(script(broker, scripts.MOVE_JOB_ON_AIR, names, *args, str(lease_epoch)))
