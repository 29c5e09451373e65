"""The processes that look into posted files (`app.probe`): kept ready, and replaced when a file kills one."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from queue import Empty, LifoQueue

from app.errors import BusyError, NotAudioError, UnusableAudioError

log = logging.getLogger(__name__)

PROGRAM = Path(__file__).with_name("probe.py")
PROCESSES = 2
"""Files looked into at the same time; each takes a few milliseconds."""
WAIT_S = 3.0
"""How long an upload waits for its turn: some hundred honest files, or the time-out of six hostile ones."""


class Prober:
    """Looks into files without opening them in this process. Safe to use from any thread."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._idle: LifoQueue[subprocess.Popen[str]] = LifoQueue()
        for _ in range(PROCESSES):
            self._idle.put(self._start())

    def probe(self, path: Path) -> float:
        """Return the length in seconds that the file's header tells, 0.0 if it tells none.

        Raises:
            NotAudioError: it is no sound of the kinds served.
            UnusableAudioError: it is one that cannot be used, or looking into it took too much.
            BusyError: too many files wait.
        """
        try:
            process = self._idle.get(timeout=WAIT_S)
        except Empty:
            raise BusyError("Too many files are being looked into.") from None
        try:
            if process.poll() is not None:
                process = self._start()
            return _length_s(_ask(process, path))
        finally:
            self._idle.put(process)

    def close(self) -> None:
        """End the processes that are idle; the others end with their pipes."""
        while not self._idle.empty():
            _stop(self._idle.get())

    def _start(self) -> subprocess.Popen[str]:
        """Start a process; its own session keeps a terminal's Ctrl-C from it: it ends when its pipe does."""
        return subprocess.Popen(
            [sys.executable, "-I", str(PROGRAM), str(self._longest_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def _ask(process: subprocess.Popen[str], path: Path) -> dict[str, object]:
    """Return the answer for the file at `path`; empty if the process died of it."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(str(path.absolute())) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except OSError:
        line = ""
    if not line:
        _stop(process)
        log.warning("a posted file ended the process that looked into it (%s)", process.returncode)
    return dict(json.loads(line or "{}"))


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _length_s(answer: dict[str, object]) -> float:
    match answer:
        case {"length_s": float(length_s)}:
            return length_s
        case {"not_audio": str(why)}:
            raise NotAudioError(why)
        case {"unusable_audio": str(why)}:
            raise UnusableAudioError(why)
    raise UnusableAudioError("Looking into the file took more time or memory than any sound file needs.")
