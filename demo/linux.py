"""What Linux offers to leave no process behind."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36

GENERATIONS = 4
"""How deep the tree below a killed process is at most: a shell, its program, and that one's helpers."""

KILLED_S = 2.0
"""How long a killed process may take to be gone; one that hangs in the kernel is left to it."""

_END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none is lost sight of."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def ending_with_parent(command: list[str]) -> list[str]:
    """Return `command` so that it receives TERM when the process that starts it dies, however that is."""
    return [*_END_WITH_PARENT, *command]


def children() -> list[int]:
    """Return the process ids of this process's children, adopted ones too."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _parent(entry) == os.getpid()]


def _parent(process: Path) -> int | None:
    try:
        after_name = (process / "stat").read_text().rpartition(")")[2]
    except OSError:  # it has ended
        return None
    return int(after_name.split()[1])


def reap() -> list[int]:
    """Take note of children that have ended; return their process ids."""
    ended = []
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.append(pid)
    return ended


def kill_children(grace_s: float) -> None:
    """Give children `grace_s` seconds to end, then kill them, and theirs, which become ours by it."""
    _await_children(grace_s)
    for _ in range(GENERATIONS):
        for pid in children():
            os.kill(pid, signal.SIGKILL)
        _await_children(KILLED_S)


def _await_children(time_s: float) -> None:
    give_up = time.monotonic() + time_s
    while children() and time.monotonic() < give_up:
        reap()
        time.sleep(0.02)
