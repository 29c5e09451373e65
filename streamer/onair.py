"""A channel while this streamer sends it: its parts, and what they hand each other."""

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event

from redis import Redis

from avatars.store import Avatar
from settings import Settings
from streamer.buffer import Buffer, Spoken
from streamer.canvas import Piece
from streamer.counters import Counters
from streamer.daemon import Playout
from streamer.ear import Ear
from streamer.encoder import Encoder
from streamer.fences import Fences
from streamer.hub import Hub
from streamer.idling import IdleClip, Idling
from streamer.label import Label
from streamer.mixing import Fade, Sound
from streamer.monitor import Monitor
from streamer.outputs import playlist
from streamer.progress import Progress
from streamer.report import Reporter, resume
from streamer.start import targets_of
from streamer.supply import Reader
from streamer.targets import Targets
from streamer.tenure import Term
from streamer.threads import running
from wire import connection
from wire.channels import Channel
from wire.gauges import Gauges
from wire.media import FPS

AHEAD_MARGIN_S = 5.0
"""A job planned further ahead than the window and this is not waited for: its plan is from another time."""
PROMPT_S = 0.5
"""Time-out where a broker that hangs must not delay what does not need it: going on air, reading ahead."""
HEARD_S = 5.0
"""Speech waits for targets that do not take the stream yet: what is said before is said to nobody. A server
may hold on to a frozen streamer for so long; a target that is down delays no more than the first words."""

log = logging.getLogger(__name__)


def prompt_broker(config: Settings) -> Redis:
    """Return the broker for what waits for it no longer than it must."""
    return connection.broker(config.broker_url, min(PROMPT_S, config.redis_timeout_s))


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same whenever this streamer goes on air, made ready before.

    `avatar` is the clip that speaks, `idle` that of idle where that is another.
    """

    avatar: Avatar
    idle: IdleClip | None
    label: Label | None
    command: Callable[[int], list[str]]


class OnAir:
    """One time on air, from `run` to its end."""

    def __init__(self, config: Settings, scene: Scene, term: Term, counters: Counters) -> None:
        """`term` is that of the lease by which it is sent."""
        self._config, self._avatar, self._idle, self._term = config, scene.avatar, scene.idle, term
        broker = connection.broker(config.broker_url, config.redis_timeout_s)
        frames = connection.frames(config.frames_url, config.redis_timeout_s)
        prompt, name, avatar = prompt_broker(config), config.channel, scene.avatar
        progress, hub = Progress(), Hub()
        start = resume(prompt, name)
        self._buffer = Buffer(round((config.window_s + AHEAD_MARGIN_S) * FPS))
        self._encoder = Encoder(scene.command, avatar.width, avatar.height, hub, progress, counters)
        self._targets = Targets(targets_of(config), hub, broker, name, lambda: term.epoch)
        clips = [avatar.pictures, *([scene.idle.avatar.pictures] if scene.idle else [])]
        self._monitor = Monitor(playlist(config.hls_folder / name), clips, counters)
        self._ear = Ear(lambda: hub.preface)
        hub.add(self._ear.take)
        fade = Fade(config.fade_frames, config.fade_curve)
        self._idling = Idling(scene.idle, start.idle_place, fade) if scene.idle else None
        place = start.position, start.tick
        self._playout = Playout(
            avatar, scene.label, fade, *place, self._buffer, self._write, counters, self._idling
        )
        self._reader = Reader(prompt, frames, avatar, name, self._buffer, progress, counters)
        told = self._channel, self._standing
        self._reporter = Reporter(broker, *told, progress, counters, config.jobs_kept_s)
        self._fences = Fences(frames, progress)

    def run(self, is_stopped: Callable[[], bool], may_send: Callable[[bool], bool]) -> None:
        """Send the channel until `is_stopped`, or until `may_send` says that another does.

        Ends in this order: the encoder first, as viewers see it, and it has frames to send; then the targets,
        which send what it yielded and close their files; then the threads that speak to Redis, which tell of
        those frames too, and may have to wait for their time-outs.
        """
        name, playout = self._config.channel, self._playout
        with ExitStack() as stack:
            stack.enter_context(running(*self._bodies()))
            stack.enter_context(self._targets)
            stack.enter_context(self._encoder)
            log.info(
                "channel %s is on air at position %d, avatar %s", name, playout.position, self._avatar.hash
            )
            playout.run(is_stopped, may_send)
            if not may_send(False):
                self._encoder.cut()
                self._targets.cut()
            log.info("channel %s goes off air at position %d", name, playout.position)

    def _bodies(self) -> list[Callable[[Event], None]]:
        talking = [self._read, self._reporter.run, self._fences.run, self._targets.run]
        return [*talking, self._monitor.run, self._ear.run]

    def _read(self, stop: Event) -> None:
        self._targets.await_taken(stop, HEARD_S)
        self._reader.run(stop)

    def _write(self, number: int, picture: Sequence[Piece], sound: Sound, spoken: Spoken | None) -> None:
        self._monitor.hear(sound)
        self._ear.send(self._encoder.timed(number), sound)
        self._encoder.write(number, picture, sound, spoken)

    def _channel(self) -> Channel:
        avatar, playout = self._avatar, self._playout
        return Channel(
            self._config.channel,
            avatar.hash,
            avatar.frames,
            avatar.width,
            avatar.height,
            playout.position,
            tick=self._encoder.timed(playout.number),
            epoch=self._term.epoch,
            idle=self._idle.avatar.hash if self._idle else "",
            idle_place=self._idling.place if self._idling else 0,
        )

    def _standing(self) -> Gauges:
        behind = self._encoder.behind(self._playout.number)
        return Gauges(None if behind is None else behind / FPS, len(self._buffer) / FPS, self._ear.offset_s)
