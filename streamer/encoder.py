"""One ffmpeg kept running: fed from a bounded queue by a thread of its own, watched, started anew."""

import fcntl
import logging
import os
import select
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import IO, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from streamer import matroska
from streamer.canvas import Piece
from streamer.counters import Counters
from streamer.messages import Messages
from wire.media import FPS

STALL_S = 3.0
"""A write that moves nothing for so long means a frozen ffmpeg."""
QUEUE_TICKS = round(STALL_S * FPS)
"""Ticks that wait for ffmpeg: all that come until it counts as frozen. More are dropped. Full, they take
100 MB at 720p."""
RESTART_S = 0.5
"""Pause before ffmpeg is started anew."""
CLOSE_S = 3.0
"""Time ffmpeg gets to end its files once its input has ended; then it is killed."""
PIPE_BYTES = 2**20
"""The most that needs no privilege: fewer turns between the two processes."""
LOOK_S = 0.1
"""How soon a blocked write sees that it is to stop."""

log = logging.getLogger(__name__)


class BrokenPipe(Exception):  # noqa: N818, it is an event and not always an error
    """ffmpeg takes no more; the text says why."""


class Tick(NamedTuple):
    """One frame, its I420 bytes in pieces, and its sound `(1920,)` on their way."""

    number: int
    picture: Sequence[Piece]
    sound: NDArray[np.int16]

    def parts(self) -> list[memoryview | bytes]:
        """Return what goes into the pipe."""
        picture, sound = [piece.data for piece in self.picture], self.sound.data.cast("B")
        before, between = matroska.tick_heads(self.number, sum(map(len, picture)), len(sound))
        return [before, *picture, between, sound]


class Encoder:
    """Takes a picture and its sound each tick and never waits; `with` starts it and stops it."""

    def __init__(
        self, command: Callable[[int], list[str]], width: int, height: int, counters: Counters
    ) -> None:
        """`command` returns the program and its arguments for a pipe that starts at the given tick."""
        self._command, self._header = command, matroska.header(width, height)
        self._counters = counters
        self._queue: Queue[Tick] = Queue(QUEUE_TICKS)
        self._stop = Event()
        self._thread = Thread(target=self._run, name="encoder")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def write(self, number: int, picture: Sequence[Piece], sound: NDArray[np.int16]) -> None:
        """Hand over tick `number`, to be left as it is from now on.

        It is dropped, and counted, if ffmpeg is `QUEUE_TICKS` behind.
        """
        try:
            self._queue.put_nowait(Tick(number, picture, sound))
        except Full:
            self._counters.frames_dropped += 1

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._once()
            except Exception:
                log.exception("the encoder failed")
            if not self._stop.wait(RESTART_S):
                self._counters.encoder_restarts += 1
                self._empty()

    def _once(self) -> None:
        """Feed one ffmpeg until it ends or is to stop."""
        first = self._next()
        if first is None:
            return
        with Ffmpeg(self._command(first.number), self._stop) as ffmpeg:
            try:
                ffmpeg.write(self._header)
                tick: Tick | None = first
                while tick is not None:
                    ffmpeg.write(*tick.parts())
                    tick = self._next()
            except BrokenPipe as reason:
                log.warning("ffmpeg is started anew in %s s: %s", RESTART_S, reason)

    def _next(self) -> Tick | None:
        while not self._stop.is_set():
            try:
                return self._queue.get(timeout=LOOK_S)
            except Empty:
                continue
        return None

    def _empty(self) -> None:
        """Drop what waited while there was no ffmpeg: sent late it would stay late."""
        while not self._queue.empty():
            self._queue.get_nowait()
            self._counters.frames_dropped += 1


class Ffmpeg:
    """One running ffmpeg: its input never blocks for long, its messages are logged, its end is awaited."""

    def __init__(self, command: list[str], stop: Event) -> None:
        self._stop = stop
        # a session of its own: Ctrl-C is for the streamer, which then ends it in order
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin
        assert self._process.stderr
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)
        with suppress(OSError):  # a user's pipes may be large up to a sum; a small one works, at more cost
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._drain = Thread(target=_log_lines, args=(self._process.stderr,), name="ffmpeg-stderr")
        self._drain.start()
        log.info("ffmpeg started, process %d", self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the input, wait, kill what is left, and drain the messages."""
        assert self._process.stdin
        self._process.stdin.close()
        if kind or not self._stop.is_set():
            self._process.kill()
        try:
            self._process.wait(CLOSE_S)
        except subprocess.TimeoutExpired:
            log.warning("ffmpeg did not end within %s s and is killed", CLOSE_S)
            self._process.kill()
            self._process.wait()
        self._drain.join()

    def write(self, *parts: bytes | memoryview) -> None:
        """Write all parts, as fast as ffmpeg reads.

        Raises:
            BrokenPipe: it ended, it takes nothing for `STALL_S`, or the encoder is to stop meanwhile.
        """
        left = [memoryview(part) for part in parts]
        moved_s = monotonic()
        while left:
            if self._write_some(left):
                moved_s = monotonic()
            elif self._stop.is_set():
                raise BrokenPipe("stopped")
            elif monotonic() - moved_s > STALL_S:
                raise BrokenPipe(f"it took nothing for {STALL_S} s")

    def _write_some(self, left: list[memoryview]) -> bool:
        try:
            written = os.writev(self._pipe, left)
        except BlockingIOError:
            select.select([], [self._pipe], [], LOOK_S)
            return False
        except BrokenPipeError:
            raise BrokenPipe(f"it ended, exit status {self._process.wait()}") from None
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]
        return True


def _log_lines(stderr: IO[bytes]) -> None:
    messages = Messages()
    with stderr:
        for line in stderr:
            if text := messages.news(line.decode(errors="replace"), monotonic()):
                log.warning("ffmpeg: %s", text)
