"""What airs next on each channel, as the broker knows it: read at once, and no more than is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from redis import Redis

from wire import channels, chunks, keys, scripts
from wire.channels import Channel
from wire.chunks import Row
from wire.connection import Call, pairs, scripts_at_once
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
    return parse(*scripts_at_once(broker, call(frames)))


def call(frames: int) -> Call:
    """Return what asks for that."""
    heads = (keys.channel(""), keys.playlist(""), keys.job(""), keys.chunks(""))
    return Call(scripts.LINEUP, [keys.CHANNELS], [str(frames), *heads])


def parse(found: list[list[Any]]) -> list[Lineup]:
    """Return what its answer tells."""
    return [
        Lineup(
            channels.parse(name, pairs(channel)),
            [(_job(tuple(job)), chunks.parse(pairs(table))) for job, table in jobs],
        )
        for name, channel, jobs in sorted(found)
        if channel
    ]


@lru_cache(maxsize=256)
def _job(flat: tuple[str, ...]) -> Job:
    """Return a job; most are as they were when they were last read."""
    return Job.from_hash(pairs(flat))
