"""How a job is cut into chunks, and the table of those that are under way."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from redis import Redis

from wire import keys, scripts
from wire.connection import now_ms, script, text_hash
from wire.media import CHUNK_FRAMES

FIRST_CHUNK = 8
"""Frames of a job's first chunk: small, so that speech starts soon."""


def count(frames: int) -> int:
    """Return into how many chunks a job of `frames` is cut."""
    return 1 if frames <= FIRST_CHUNK else 1 + -(-(frames - FIRST_CHUNK) // CHUNK_FRAMES)


def span(chunk: int, frames: int) -> range:
    """Return which of a job's `frames` the chunk holds."""
    start = 0 if chunk == 0 else FIRST_CHUNK + (chunk - 1) * CHUNK_FRAMES
    return range(start, min(FIRST_CHUNK + chunk * CHUNK_FRAMES, frames))


def chunk_of(frame: int) -> int:
    """Return the chunk that holds a job's frame."""
    return 0 if frame < FIRST_CHUNK else 1 + (frame - FIRST_CHUNK) // CHUNK_FRAMES


class Stage(StrEnum):
    SENT = "sent"
    RUNNING = "running"
    DONE = "done"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Row:
    """One chunk handed out: which attempt, to which worker, until when it is leased (broker's clock).

    `life` is that of the worker's process which claimed it (see `wire.workers`); `tried` names the workers
    at which earlier attempts failed.
    """

    stage: Stage
    attempt: int
    worker: str
    deadline_ms: int
    reason: str = ""
    life: str = ""
    tried: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__})


def table(broker: Redis, job_id: str) -> dict[int, Row]:
    """Return the job's chunk table."""
    return parse(text_hash(broker, keys.chunks(job_id)))


def parse(raw: dict[str, str]) -> dict[int, Row]:
    """Return the table held by a Redis hash."""
    return {int(chunk): _row(text) for chunk, text in raw.items()}


@lru_cache(maxsize=1024)
def _row(text: str) -> Row:
    """Return a row; most of a table is as it was when it was last read.

    Sixty windows of ten chunks and what 64 workers are at are so many; more would fill for an hour.
    """
    loaded = json.loads(text)
    return Row(Stage(loaded.pop("stage")), tried=tuple(loaded.pop("tried")), **loaded)


def claim(broker: Redis, job_id: str, chunk: int, attempt: int, life: str, lease_ms: int) -> Row | None:
    """Take a chunk that was sent, for the process of that `life`, for `lease_ms` from now; return its row.

    None if the attempt is no longer to be made.
    """
    sent = table(broker, job_id).get(chunk)
    if sent is None or sent.attempt != attempt:
        return None
    row = replace(sent, stage=Stage.RUNNING, life=life, deadline_ms=now_ms(broker) + lease_ms)
    return row if change(broker, job_id, chunk, row, Stage.SENT) else None


def change(broker: Redis, job_id: str, chunk: int, row: Row, *before: Stage) -> bool:
    """Put `row` in the table if the chunk is in the same attempt and in one of the stages `before`."""
    args = (str(chunk), str(row.attempt), row.to_json(), *before)
    return bool(script(broker, scripts.CHANGE_CHUNK, [keys.chunks(job_id)], *args) == 1)
