"""`python -m streamer`: plays the channel of the settings, or stands by for it, until TERM or INT."""

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

from redis import Redis

from avatars.store import Avatar
from settings import Settings, settings
from streamer.buffer import Buffer, Spoken
from streamer.canvas import Piece
from streamer.counters import Counters
from streamer.daemon import Playout
from streamer.ear import Ear
from streamer.encoder import Encoder
from streamer.fences import Fences
from streamer.hub import Hub
from streamer.label import Label
from streamer.logs import log_aside
from streamer.mixing import Fade, Sound
from streamer.monitor import Monitor
from streamer.outputs import playlist
from streamer.progress import Progress
from streamer.report import Reporter, resume
from streamer.start import avatar_of, encoder_command, label_of, targets_of
from streamer.supply import Reader
from streamer.targets import Targets
from streamer.tenure import Tenure, Term
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
LOOK_S = 0.05
"""How soon a standby goes on air when the lease is its own, and sees that it is to stop."""
JOIN_S = 5.0
"""Threads end within two Redis time-outs; one that hangs longer is left behind at exit."""

log = logging.getLogger(__name__)


def main() -> None:
    """Play, or stand by, until a signal asks to stop."""
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    with log_aside("streamer"):
        config = settings()
        avatar = avatar_of(config)
        scene = Scene(avatar, label_of(config, avatar), encoder_command(config, avatar.width, avatar.height))
        counters = Counters()
        tenure = Tenure(_prompt_broker(config), config.channel, counters)
        with _threads(tenure.run):
            while not stop.asked:
                if term := tenure.wait(LOOK_S):
                    play(config, scene, tenure, term, counters, lambda: stop.asked)


class _Stop:
    """Set by signals, looked at each tick: a handler may run anywhere, so it takes no lock."""

    asked = False

    def ask(self, *_: object) -> None:
        self.asked = True


@dataclass(frozen=True, slots=True)
class Scene:
    """What is the same whenever this streamer goes on air, made ready before."""

    avatar: Avatar
    label: Label | None
    command: Callable[[int], list[str]]


def play(
    config: Settings,
    scene: Scene,
    tenure: Tenure,
    term: Term,
    counters: Counters,
    is_stopped: Callable[[], bool],
) -> None:
    """Put the channel on air until `is_stopped`, or another holds its lease.

    Ends in this order: the encoder first, as viewers see it, and it has frames to send; then the targets,
    which send what it yielded and close their files; then the threads that speak to Redis, which tell of
    those frames too, and may have to wait for their time-outs.
    """
    avatar = scene.avatar
    broker = connection.broker(config.broker_url, config.redis_timeout_s)
    frames = connection.frames(config.frames_url, config.redis_timeout_s)
    progress = Progress()
    buffer = Buffer(round((config.window_s + AHEAD_MARGIN_S) * FPS))
    prompt_broker = _prompt_broker(config)
    start = resume(prompt_broker, config.channel)
    hub = Hub()
    targets = Targets(targets_of(config), hub, broker, config.channel, lambda: term.epoch)
    with ExitStack() as stack:
        encoder = Encoder(scene.command, avatar.width, avatar.height, hub, progress, counters)
        monitor = Monitor(playlist(config.hls_folder / config.channel), avatar.pictures, counters)

        ear = Ear(lambda: hub.preface)
        hub.add(ear.take)

        def write(number: int, picture: Sequence[Piece], sound: Sound, spoken: Spoken | None) -> None:
            monitor.hear(sound)
            ear.send(encoder.timed(number), sound)
            encoder.write(number, picture, sound, spoken)

        playout = Playout(
            avatar,
            scene.label,
            Fade(config.fade_frames, config.fade_curve),
            start.position,
            start.tick,
            buffer,
            write,
            counters,
        )

        def channel() -> Channel:
            return Channel(
                config.channel,
                avatar.hash,
                avatar.frames,
                avatar.width,
                avatar.height,
                playout.position,
                tick=encoder.timed(playout.number),
                epoch=term.epoch,
            )

        def standing() -> Gauges:
            behind = encoder.behind(playout.number)
            return Gauges(None if behind is None else behind / FPS, len(buffer) / FPS, ear.offset_s)

        reader = Reader(prompt_broker, frames, avatar, config.channel, buffer, progress, counters)
        reporter = Reporter(broker, channel, standing, progress, counters, config.jobs_kept_s)

        def read(stop: Event) -> None:
            targets.await_taken(stop, HEARD_S)
            reader.run(stop)

        bodies = (read, reporter.run, Fences(frames, progress).run, targets.run, monitor.run, ear.run)
        stack.enter_context(_threads(*bodies))
        stack.enter_context(targets)
        stack.enter_context(encoder)
        log.info(
            "channel %s is on air at position %d, avatar %s", config.channel, start.position, avatar.hash
        )
        playout.run(is_stopped, partial(tenure.holds, term))
        if not tenure.holds(term, has_stalled=False):
            encoder.cut()
            targets.cut()
        log.info("channel %s goes off air at position %d", config.channel, playout.position)


def _prompt_broker(config: Settings) -> Redis:
    return connection.broker(config.broker_url, min(PROMPT_S, config.redis_timeout_s))


@contextmanager
def _threads(*bodies: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    threads = [Thread(target=body, args=(stop,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(JOIN_S)


if __name__ == "__main__":
    main()
