"""What airs next on each channel, as the broker knows it: read at once, and no more than is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis import Redis

from wire import channels, chunks, keys, scripts
from wire.channels import Channel
from wire.chunks import Row
from wire.connection import pairs, script
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
    heads = (keys.channel(""), keys.playlist(""), keys.job(""), keys.chunks(""))
    found = script(broker, scripts.LINEUP, [keys.CHANNELS], str(frames), *heads)
    return [
        Lineup(
            channels.parse(name, pairs(channel)),
            [(Job.from_hash(pairs(job)), chunks.parse(pairs(table))) for job, table in jobs],
        )
        for name, channel, jobs in sorted(found)
        if channel
    ]
