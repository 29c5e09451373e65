"""A channel as its streamer tells of it: what it plays, and where on its timeline it is."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from redis import Redis

from wire import keys, leases, scripts
from wire.connection import script, text_hash
from wire.media import FPS

BEAT_S = 0.2
"""Time between two reports of a streamer."""
DEAD_S = 2.0
"""A streamer not heard of for so long is dead."""
COUNTED_S = 10
"""A streamer's counters, told once a second, are forgotten so long after its last word."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What a streamer plays. At `at_ms` of the broker's clock it sent the frame at `position`.

    It did so in the stream's tick `tick`, by which timestamps go; `epoch` is that of its lease (see
    `wire.leases`). `avatar` is the clip that speaks. Where another is shown in idle, `idle` is its hash, and
    `idle_place` where it is, or where it would come back now; else that is empty.
    """

    name: str
    avatar: str
    avatar_frames: int
    width: int
    height: int
    position: int
    at_ms: int = 0
    tick: int = 0
    epoch: int = 0
    idle: str = ""
    idle_place: int = 0

    def is_live(self, now: int) -> bool:
        """Return whether the streamer was heard of lately; `now` is the broker's clock in milliseconds."""
        return now - self.at_ms < DEAD_S * 1000

    def position_at(self, now: int) -> int:
        """Return where the timeline is at `now`, if the streamer goes on as it did."""
        return self.position + self._ticks_since(now)

    def tick_at(self, now: int) -> int:
        """Return which tick the stream is at by `now`, if the streamer goes on as it did."""
        return self.tick + self._ticks_since(now)

    def idle_place_at(self, now: int) -> int:
        """Return where the idle clip is at `now`, if the streamer goes on as it did."""
        return self.idle_place + self._ticks_since(now)

    def _ticks_since(self, now: int) -> int:
        return max(0, now - self.at_ms) * FPS // 1000  # the broker's clock may be set back


def report(broker: Redis, channel: Channel) -> None:
    """Tell what the streamer plays, as of now. The record stays when the streamer ends.

    Raises:
        DeposedError: another streamer sends the channel by now.
    """
    names = [keys.channel(channel.name), keys.CHANNELS, keys.lease(channel.name)]
    told = [field.name for field in fields(Channel) if field.name not in ("name", "at_ms")]
    flat = [part for name in told for part in (name, str(getattr(channel, name)))]
    leases.accepted(script(broker, scripts.REPORT, names, channel.name, *flat, str(channel.epoch)))


def report_counters(broker: Redis, channel: Channel, counted: Mapping[str, int]) -> None:
    """Tell what the channel's streamer has counted since its start.

    Raises:
        DeposedError: another streamer sends the channel by now.
    """
    told = {name: str(value) for name, value in counted.items()}
    leases.tell(broker, channel.name, channel.epoch, keys.counters(channel.name), told, COUNTED_S)


def counters(broker: Redis, name: str) -> dict[str, int]:
    """Return what the channel's streamer has counted; empty where none lives."""
    return {field: int(value) for field, value in text_hash(broker, keys.counters(name)).items()}


def names(broker: Redis) -> list[str]:
    """Return the names of all channels that a streamer ever played."""
    return sorted(str(name) for name in broker.smembers(keys.CHANNELS))


def load(broker: Redis, name: str) -> Channel | None:
    """Return the channel as last reported; None if no streamer ever played it."""
    text = text_hash(broker, keys.channel(name))
    return parse(name, text) if text else None


def parse(name: str, text: dict[str, str]) -> Channel:
    """Return the channel whose hash it is."""
    numbers = {key: int(value) for key, value in text.items() if key not in ("avatar", "idle")}
    return Channel(name, text["avatar"], idle=text.get("idle", ""), **numbers)
