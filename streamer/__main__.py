"""`python -m streamer`: plays the channel of the settings until TERM or INT."""

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from avatars.store import Avatar
from settings import Settings, settings
from streamer.buffer import Buffer
from streamer.counters import Counters
from streamer.daemon import Playout
from streamer.encoder import Encoder
from streamer.fences import Fences
from streamer.hub import Hub
from streamer.logs import log_aside
from streamer.progress import Progress
from streamer.report import Reporter, resume_position
from streamer.start import avatar_of, encoder_command, label_of, targets_of
from streamer.supply import Reader
from streamer.targets import Targets
from wire import connection
from wire.channels import Channel
from wire.media import FPS

AHEAD_MARGIN_S = 5.0
"""A job planned further ahead than the window and this is not waited for: its plan is from another time."""
PROMPT_S = 0.5
"""Time-out where a broker that hangs must not delay what does not need it: going on air, reading ahead."""
JOIN_S = 5.0
"""Threads end within two Redis time-outs; one that hangs longer is left behind at exit."""

log = logging.getLogger(__name__)


def main() -> None:
    """Play until a signal asks to stop."""
    stop = _Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.ask)
    with log_aside("streamer"):
        config = settings()
        play(config, avatar_of(config), lambda: stop.asked)


class _Stop:
    """Set by signals, looked at each tick: a handler may run anywhere, so it takes no lock."""

    asked = False

    def ask(self, *_: object) -> None:
        self.asked = True


def play(config: Settings, avatar: Avatar, is_stopped: Callable[[], bool]) -> None:
    """Put the channel on air until `is_stopped`.

    Ends in this order: the encoder first, as viewers see it, and it has frames to send; then the targets,
    which send what it yielded and close their files; then the threads that speak to Redis, which tell of
    those frames too, and may have to wait for their time-outs.
    """
    broker = connection.broker(config.broker_url, config.redis_timeout_s)
    frames = connection.frames(config.frames_url, config.redis_timeout_s)
    counters, progress = Counters(), Progress()
    buffer = Buffer(round((config.window_s + AHEAD_MARGIN_S) * FPS))
    prompt_broker = connection.broker(config.broker_url, min(PROMPT_S, config.redis_timeout_s))
    position = resume_position(prompt_broker, config.channel)
    hub = Hub()
    targets = Targets(targets_of(config), hub, broker, config.channel)
    command = encoder_command(config, avatar.width, avatar.height)
    with ExitStack() as stack:
        encoder = Encoder(command, avatar.width, avatar.height, hub, progress, counters)
        playout = Playout(
            avatar,
            label_of(config, avatar),
            config.fade_frames,
            position,
            buffer,
            encoder.write,
            counters,
        )
        channel = Channel(config.channel, avatar.hash, avatar.frames, avatar.width, avatar.height, position)
        reader = Reader(prompt_broker, frames, avatar, config.channel, buffer, progress, counters)
        reporter = Reporter(broker, channel, lambda: playout.position, progress, counters, config.jobs_kept_s)
        bodies = (reader.run, reporter.run, Fences(frames, progress).run, targets.run)
        stack.enter_context(_threads(*bodies))
        stack.enter_context(targets)
        stack.enter_context(encoder)
        log.info("channel %s is on air at position %d, avatar %s", config.channel, position, avatar.hash)
        playout.run(is_stopped)
        log.info("channel %s goes off air at position %d", config.channel, playout.position)


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
