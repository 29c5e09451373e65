"""One running ffmpeg: fed without blocking for long, its messages logged, its end awaited."""

import fcntl
import logging
import math
import os
import select
import subprocess
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import IO, Self

from streamer.messages import Messages

STALL_S = 3.0
"""A write that moves nothing for so long means a frozen ffmpeg."""
CLOSE_S = 3.0
"""Time that ffmpeg gets, once it is to stop, to take what waits and to end its files; then it is killed."""
PIPE_BYTES = 2**20
"""The most that needs no privilege: fewer turns between the two processes."""
LOOK_S = 0.1
"""How soon whoever waits sees that it is to stop."""

log = logging.getLogger(__name__)


class BrokenPipe(Exception):  # noqa: N818, it is an event and not always an error
    """ffmpeg takes no more; the text says why."""


class Stop(Event):
    """Asks to stop; what is under way has `CLOSE_S` from then on."""

    _end_s = math.inf

    def set(self) -> None:
        self._end_s = monotonic() + CLOSE_S
        super().set()

    def left_s(self) -> float:
        """Return how much time there is left; it does not end before the stop."""
        return max(0.0, self._end_s - monotonic())


class Ffmpeg:
    """The process, and a thread that drains what it writes to stderr; `with` ends both."""

    def __init__(self, command: list[str], stop: Stop) -> None:
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
        """End the input, wait while there is time, kill what is left, and drain the messages."""
        assert self._process.stdin
        self._process.stdin.close()
        if kind or not self._stop.is_set():
            self._process.kill()
        try:
            self._process.wait(self._stop.left_s())
        except subprocess.TimeoutExpired:
            log.warning("ffmpeg did not end within %s s and is killed", CLOSE_S)
            self._process.kill()
            self._process.wait()
        self._drain.join()

    def write(self, *parts: bytes | memoryview) -> None:
        """Write all parts, as fast as ffmpeg reads.

        Raises:
            BrokenPipe: it ended, it takes nothing for `STALL_S`, or there is no time left.
        """
        left = [memoryview(part) for part in parts]
        moved_s = monotonic()
        while left:
            if not self._stop.left_s():
                raise BrokenPipe("there is no time left")
            if self._write_some(left):
                moved_s = monotonic()
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
