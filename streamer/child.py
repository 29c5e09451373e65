"""One running child process: fed without blocking for long, heard, its messages logged, its end awaited."""

import fcntl
import logging
import math
import os
import select
import subprocess
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

STALL_S = 3.0
"""A write that moves nothing for so long means a frozen process."""
CLOSE_S = 3.0
"""Time that a child gets, once it is to stop, to take what waits and to end its files; then it is killed."""
LEAVE_S = 2.0
"""One that was killed is gone by then, unless the kernel holds it (a disk that hangs): then it is left."""
PIPE_BYTES = 2**20
"""The most that needs no privilege: fewer turns between the two processes."""
LOOK_S = 0.1
"""How soon whoever waits sees that it is to stop."""
READ_BYTES = 2**16

log = logging.getLogger(__name__)


class BrokenPipe(Exception):  # noqa: N818, it is an event and not always an error
    """The child takes no more; the text says why."""


class Stop(Event):
    """Asks to stop; what is under way has `CLOSE_S` from then on, and no time where it is to be cut off."""

    _end_s = math.inf

    def set(self) -> None:
        self._end_s = min(self._end_s, monotonic() + CLOSE_S)
        super().set()

    def cut(self) -> None:
        """Ask to stop at once."""
        self._end_s = monotonic()
        super().set()

    def left_s(self) -> float:
        """Return how much time there is left; it does not end before the stop."""
        return max(0.0, self._end_s - monotonic())


class Child:
    """The process, and a thread for each of its two outputs; `with` ends them all."""

    def __init__(
        self,
        name: str,
        command: list[str],
        stop: Stop,
        heard: Callable[[bytes], None],
        told: Callable[[str], None],
        pipe_bytes: int = PIPE_BYTES,
        stall_s: float | None = None,
    ) -> None:
        """`heard` gets what it writes to stdout, as it comes, and `told` each line of its stderr.

        `stall_s` is `STALL_S` unless the child may stand still for another time.
        """
        self._name, self._stop = name, stop
        self._stall_s = STALL_S if stall_s is None else stall_s
        self._is_finished = False
        # a session of its own: Ctrl-C is for the streamer, which then ends it in order
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert self._process.stdin
        self._pipe = self._process.stdin.fileno()
        os.set_blocking(self._pipe, False)
        with suppress(OSError):  # a user's pipes may be large up to a sum; a small one works, at more cost
            fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, pipe_bytes)
        self._threads = [
            Thread(target=self._hear, args=(heard,), name=f"{name}-stdout", daemon=True),
            Thread(target=self._drain, args=(told,), name=f"{name}-stderr", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the input, wait while there is time, kill what is left, and hear what it had to say."""
        assert self._process.stdin
        may_end = not kind and (self._is_finished or self._stop.is_set()) and self._stop.left_s() > 0
        if not may_end:
            self._process.kill()
        self._process.stdin.close()
        if may_end and not self._ends(monotonic() + CLOSE_S):
            log.warning("%s did not end in time and is killed", self._name)
            self._process.kill()
        if not self._has_ended(LEAVE_S):
            log.error("%s, process %d, cannot be killed and is left behind", self._name, self.pid)
        for thread in self._threads:
            thread.join(LEAVE_S)

    def _ends(self, end_s: float) -> bool:
        """Return whether it ends by `end_s`, and while the stop leaves time: it may be cut off meanwhile."""
        while (left_s := min(end_s - monotonic(), self._stop.left_s())) > 0:
            if self._has_ended(min(left_s, LOOK_S)):
                return True
        return False

    def _has_ended(self, timeout_s: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self._process.returncode is not None

    def finish(self) -> None:
        """Let it take what waits and end its files when the context ends, though nothing asks to stop."""
        self._is_finished = True

    def write(self, *parts: bytes | memoryview) -> None:
        """Write all parts, as fast as the child reads.

        Raises:
            BrokenPipe: it ended, it takes nothing for too long, or there is no time left.
        """
        left = [memoryview(part) for part in parts]
        moved_s = monotonic()
        while left:
            if not self._stop.left_s():
                raise BrokenPipe("there is no time left")
            if self._write_some(left):
                moved_s = monotonic()
            elif monotonic() - moved_s > self._stall_s:
                raise BrokenPipe(f"it took nothing for {self._stall_s} s")

    def _write_some(self, left: list[memoryview]) -> bool:
        try:
            written = os.writev(self._pipe, left)
        except BlockingIOError:
            select.select([], [self._pipe], [], LOOK_S)
            return False
        except BrokenPipeError:
            raise BrokenPipe(self._reason()) from None
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = left[0][written:]
        return True

    def _reason(self) -> str:
        """Return why its input is closed."""
        if self._has_ended(LEAVE_S):
            return f"it ended, exit status {self._process.returncode}"
        return "it closed its input"

    def _hear(self, heard: Callable[[bytes], None]) -> None:
        """Pass on what comes. Where that fails the output is closed, and so the child ends."""
        assert self._process.stdout
        with self._process.stdout as stdout:
            try:
                while data := os.read(stdout.fileno(), READ_BYTES):
                    heard(data)
            except Exception:
                log.exception("what %s wrote cannot be used", self._name)

    def _drain(self, told: Callable[[str], None]) -> None:
        assert self._process.stderr
        with self._process.stderr as stderr:
            for line in stderr:
                told(line.decode(errors="replace"))
