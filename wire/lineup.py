"""What airs next on each channel, as the broker knows it: read at once, and no more than is asked for."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from redis import Redis

from wire import channels, chunks, keys, scripts
from wire.channels import Channel
from wire.chunks import Row
from wire.connection import script
from wire.jobs import Job


@dataclass(frozen=True, slots=True)
class Lineup:
    """A channel's next jobs in airing order, all of them prepared, each with its chunk table."""

    channel: Channel
    jobs: Sequence[tuple[Job, Mapping[int, Row]]]


def read(broker: Redis, frames: int) -> list[Lineup]:
    """Return what airs next on each channel that a streamer ever played: at least the next `frames`.

    A job that is not prepared keeps back those behind it that were posted later. One that is to cut off what
    is on air is among the next, however long that would go on.
    """
    return parse(script(broker, scripts.LINEUP, [keys.CHANNELS], str(frames), *HEADS))


HEADS = (keys.channel(""), keys.playlist(""), keys.job(""), keys.chunks(""))
"""By what `scripts.LINEUP` finds the channels' keys and those of their jobs."""


def parse(found: list[list[Any]]) -> list[Lineup]:
    """Return what the script's answer tells."""
    return [
        Lineup(channel, [(_job(job), _table(table)) for job, table in jobs])
        for name, record, jobs in sorted(found)
        if (channel := _channel(name, record))
    ]


@lru_cache(maxsize=256)
def _channel(name: str, record: str) -> Channel | None:
    """Return a channel; None where no streamer ever played it."""
    known = _hash(record)
    return channels.parse(name, known) if known else None


@lru_cache(maxsize=256)
def _job(record: str) -> Job:
    """Return a job; most are as they were when they were last read."""
    return Job.from_hash(_hash(record))


@lru_cache(maxsize=256)
def _table(record: str) -> Mapping[int, Row]:
    return chunks.parse(_hash(record))


def _hash(record: str) -> dict[str, str]:
    flat = json.loads(record) or []  # in Lua no fields are an object as well as a list
    return dict(zip(flat[::2], flat[1::2], strict=True))
