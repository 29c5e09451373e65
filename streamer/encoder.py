"""ffmpeg kept encoding: fed from a bounded queue by a thread of its own, and started anew when it fails."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, Full, Queue
from threading import Lock, Thread
from time import monotonic
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from streamer import matroska
from streamer.buffer import Spoken
from streamer.canvas import Piece
from streamer.child import LOOK_S, STALL_S, BrokenPipe, Child, Stop
from streamer.counters import Counters
from streamer.fed import Fed
from streamer.flv import PICTURES, Splitter
from streamer.hub import Hub
from streamer.messages import Messages
from streamer.progress import Progress
from wire.media import FPS

QUEUE_TICKS = round(STALL_S * FPS)
"""Ticks that wait for ffmpeg: all that come until it counts as frozen. Of more the oldest is dropped. Full,
they take 100 MB at 720p."""
RESTART_S = 0.5
"""Pause before ffmpeg is started anew."""
YIELD_S = 3.0
"""An ffmpeg that is fed and yields nothing for so long is hung, whatever it still takes."""
FIRST_YIELD_S = 10.0
"""Until it has begun it may take longer: a GPU's encoder has to be set up, a busy host to find time."""
REBASE_TICKS = 20 * 24 * 3600 * FPS
"""FLV's timestamps end after 24.8 days: after 20 they start again at the first moment of idle."""

log = logging.getLogger(__name__)


class Tick(NamedTuple):
    """One frame, its I420 bytes in pieces, its sound `(1920,)`, and the job's frame that is in them."""

    number: int
    picture: Sequence[Piece]
    sound: NDArray[np.int16]
    spoken: Spoken | None

    def parts(self, base: int) -> list[memoryview | bytes]:
        """Return what goes into the pipe, where time started at tick `base`."""
        picture, sound = [piece.data for piece in self.picture], self.sound.data.cast("B")
        before, between = matroska.tick_heads(self.number - base, sum(map(len, picture)), len(sound))
        return [before, *picture, between, sound]


class Encoder:
    """Takes a picture and its sound each tick and never waits; `with` starts it and stops it.

    A job's frame is noted as sent when ffmpeg yields it, and as lost when it is dropped.
    """

    def __init__(
        self,
        command: Callable[[int], list[str]],
        width: int,
        height: int,
        hub: Hub,
        progress: Progress,
        counters: Counters,
    ) -> None:
        """`command` returns the program and its arguments for a pipe that starts at the given tick.

        `hub` gets each tag of the stream, from a thread of its own; it must not wait.
        """
        self._command, self._header = command, matroska.header(width, height)
        self._hub, self._progress, self._counters = hub, progress, counters
        self._queue: Queue[Tick] = Queue(QUEUE_TICKS)
        self._tick: Tick | None = None  # taken from the queue, and not yet fed
        self._fed = Fed()
        self._base = 0  # the tick at which timestamps started
        self._yielded: int | None = None  # the tick of the picture that ffmpeg yielded last
        self._dropping = Lock()
        self._owed_s: float | None = None  # since when ffmpeg owes something for what it was fed
        self._patience_s = FIRST_YIELD_S
        self._messages = Messages()
        self._stop = Stop()
        self._thread = Thread(target=self._run, name="encoder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def cut(self) -> None:
        """Send nothing more, not even what waits: another sends by now."""
        self._stop.cut()

    def timed(self, number: int) -> int:
        """Return how many ticks after the one in which timestamps started tick `number` is."""
        return number - self._base

    def behind(self, number: int) -> int | None:
        """Return how many ticks before tick `number` the picture is that ffmpeg yielded last; None before."""
        return None if self._yielded is None else number - self._yielded

    def write(
        self, number: int, picture: Sequence[Piece], sound: NDArray[np.int16], spoken: Spoken | None
    ) -> None:
        """Hand over tick `number`, to be left as it is from now on.

        If ffmpeg is `QUEUE_TICKS` behind, the oldest that waits is dropped: what is past never runs ahead of
        what still waits.
        """
        tick = Tick(number, picture, sound, spoken)
        while True:
            try:
                return self._queue.put_nowait(tick)
            except Full:
                self._drop_oldest()

    def _run(self) -> None:
        self._take()
        while self._tick:
            try:
                self._once(self._tick)
                continue
            except BrokenPipe as reason:
                log.warning("ffmpeg is given up: %s", reason)
            except Exception:
                log.exception("the encoder failed")
            if self._stop.wait(RESTART_S):
                break
            self._counters.encoder_restarts += 1
            self._empty()
            self._take()
        if left := self._queue.qsize() + bool(self._tick) + len(self._fed):
            log.warning("%d frames waited for ffmpeg and are not sent", left)

    def _once(self, first: Tick) -> None:
        """Feed one ffmpeg, from tick `first` on, until timestamps start again, or it has all at the stop.

        Raises:
            BrokenPipe: it is given up.
        """
        self._owed_s, self._patience_s = None, FIRST_YIELD_S
        if self._is_rebase_due(first):
            self._rebase(first.number)
        command, splitter = self._command(first.number - self._base), Splitter()
        with Child("ffmpeg", command, self._stop, partial(self._hear, splitter), self._log) as ffmpeg:
            log.info("ffmpeg started, process %d", ffmpeg.pid)
            ffmpeg.write(self._header)
            while self._tick and not self._is_rebase_due(self._tick):
                tick, self._tick = self._tick, None
                self._feed(ffmpeg, tick)
                self._take()
            ffmpeg.finish()

    def _rebase(self, number: int) -> None:
        """Start timestamps again at tick `number`: what waits goes on with it, and nothing is lost."""
        log.info("timestamps start again at 0, targets begin anew")
        self._drop_fed()  # there is none, unless ffmpeg did not end by itself
        self._base = number
        self._hub.renew()

    def _is_rebase_due(self, tick: Tick) -> bool:
        return tick.number - self._base >= REBASE_TICKS and tick.spoken is None

    def _feed(self, ffmpeg: Child, tick: Tick) -> None:
        self._fed.put(tick.number, tick.spoken)
        ffmpeg.write(*tick.parts(self._base))
        owed_s = self._owed_s
        if owed_s is None:
            self._owed_s = monotonic()
        elif monotonic() - owed_s > self._patience_s:
            raise BrokenPipe(f"it was fed and yielded nothing for {self._patience_s} s")

    def _hear(self, splitter: Splitter, data: bytes) -> None:
        for tag in splitter.feed(data):
            self._owed_s, self._patience_s = None, YIELD_S
            self._hub.put(tag)
            if tag.kind in PICTURES:
                # down: a stream that starts at 0 lies later by what the sound's encoder needs to begin
                self._note(self._base + tag.time_ms * FPS // 1000)

    def _note(self, number: int) -> None:
        self._yielded = number
        for spoken in self._fed.until(number):
            self._progress.note(spoken)

    def _log(self, line: str) -> None:
        if text := self._messages.news(line, monotonic()):
            log.warning("ffmpeg: %s", text)

    def _take(self) -> None:
        """Wait for the next tick; there is none if the encoder is to stop and all were taken."""
        self._tick = None
        while not (self._stop.is_set() and self._queue.empty()):
            with suppress(Empty):
                self._tick = self._queue.get(timeout=LOOK_S)
                return

    def _empty(self) -> None:
        """Drop what an ffmpeg took with it, and what waited while there was none: sent late it stays late."""
        self._drop_fed()
        if self._tick:
            self._drop(self._tick.spoken)
        while not self._queue.empty():
            self._drop_oldest()

    def _drop_fed(self) -> None:
        for spoken in self._fed.rest():
            self._drop(spoken)

    def _drop_oldest(self) -> None:
        with suppress(Empty):  # another thread takes from the queue too
            self._drop(self._queue.get_nowait().spoken)

    def _drop(self, spoken: Spoken | None) -> None:
        with self._dropping:
            self._counters.frames_dropped += 1
            if spoken:
                self._counters.frames_lost += 1
                self._lose(spoken)

    def _lose(self, spoken: Spoken) -> None:
        if self._progress.lose(spoken) == 1:  # how many there are is told in the end
            log.warning("job %s: frame %d is lost, ffmpeg takes no more", spoken.job.id, spoken.number)
