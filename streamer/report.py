"""Tells the broker, from a thread of its own, where the channel is and what was sent of each job."""

import logging
from collections.abc import Callable
from copy import copy
from dataclasses import asdict, dataclass
from threading import Event
from time import monotonic
from typing import Any

from redis import Redis, RedisError

from streamer.counters import Counters, changes
from streamer.outage import Outage
from streamer.progress import Aired, Progress
from wire import channels, gauges, jobs
from wire.channels import BEAT_S, Channel
from wire.connection import now_ms
from wire.gauges import Gauges
from wire.jobs import State
from wire.leases import DeposedError
from wire.media import FPS

COUNTERS_S = 1.0
"""Between two looks at the counters."""
TICKS_MAX = 20 * 86_400 * FPS
"""A streamer takes up an earlier one's ticks to 20 days; timestamps of FLV end after 24.86."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel's `position` on its timeline, the stream's `tick`, by which timestamps go, and the place of a
    clip that is shown in idle alone."""

    position: int = 0
    tick: int = 0
    idle_place: int = 0


def resume(broker: Redis, name: str) -> Place:
    """Return where the channel would be now had its last streamer gone on; all 0 if unknown.

    Ticks begin anew where timestamps come near the end of what FLV can tell.
    """
    try:
        now = now_ms(broker)
        channel = channels.load(broker, name)
    except (RedisError, KeyError, TypeError, ValueError) as error:
        log.warning("channel %s starts at position 0, its record cannot be read: %s", name, error)
        return Place()
    if channel is None:
        return Place()
    tick = channel.tick_at(now)
    position, idle_place = channel.position_at(now), channel.idle_place_at(now)
    return Place(position, tick if tick < TICKS_MAX else 0, idle_place)


class Reporter:
    """Reports each beat until stopped, and once more then. What was not heard is told when Redis is back."""

    def __init__(
        self,
        broker: Redis,
        channel: Callable[[], Channel],
        standing: Callable[[], Gauges],
        progress: Progress,
        counters: Counters,
        kept_s: float,
    ) -> None:
        """`channel` returns it with what was sent last, `standing` how it stands; `kept_s` is how long ended
        jobs are kept.
        """
        self._broker, self._channel, self._standing = broker, channel, standing
        self._progress, self._counters, self._kept_s = progress, counters, kept_s
        self._seen, self._seen_s = Counters(), monotonic()
        self._outage = Outage(log, "reporting to the broker")

    def run(self, stop: Event) -> None:
        """Report until `stop`; the body of a thread."""
        while not stop.is_set():
            self._once()
            self._progress.news.wait(BEAT_S)
            self._progress.news.clear()
        self._once()

    def _once(self) -> None:
        try:
            channel = self._channel()
            self._count(channel)
            self._report(channel)
            self._outage.ended()
        except DeposedError as error:
            self._outage.began(error)
        except RedisError as error:
            self._counters.reports_failed += 1
            self._outage.began(error)
        except Exception:
            log.exception("reporting failed, and goes on in %s s", BEAT_S)

    def _count(self, channel: Channel) -> None:
        if monotonic() - self._seen_s < COUNTERS_S:
            return
        if changed := changes(self._seen, self._counters):
            log.warning("%s", changed)
        self._seen, self._seen_s = copy(self._counters), monotonic()
        channels.report_counters(self._broker, channel, asdict(self._counters))
        gauges.report(self._broker, channel, self._standing())

    def _report(self, channel: Channel) -> None:
        channels.report(self._broker, channel)
        for aired in self._progress.untold():
            if not self._move(aired, State.ON_AIR, channel.epoch):
                self._move(aired, State.CANCELLED, channel.epoch, {State.CANCELLED})  # how far it really got
                self._progress.abandon(aired)
                continue
            if aired.is_over:
                self._move(aired, State.DONE, channel.epoch)
                log.info("job %s: done, %d frames, %d lost", aired.job.id, aired.frames, aired.lost)
            self._progress.tell(aired)

    def _move(self, aired: Aired, state: State, epoch: int, only_from: set[State] | None = None) -> bool:
        changed: dict[str, Any] = {"frames_aired": aired.frames}
        if aired.degraded:
            changed["degraded"] = True
        if aired.lost:
            changed["frames_lost"] = aired.lost
        if aired.underruns:
            changed["underruns"] = aired.underruns
        return jobs.move(self._broker, aired.job, state, self._kept_s, only_from, epoch, **changed)
