"""What Linux offers to leave no process behind."""

import contextlib
import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_END_WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies, so that none is lost sight of."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def ending_with_parent(command: list[str]) -> list[str]:
    """Return `command` so that it receives TERM when the process that starts it dies, however that is."""
    return [*_END_WITH_PARENT, *command]


def children() -> list[int]:
    """Return the process ids of this process's children, adopted ones too."""
    return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]


def reap() -> list[int]:
    """Take note of children that have ended; return their process ids."""
    ended = []
    with contextlib.suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ended.append(pid)
    return ended


def kill_children(grace_s: float) -> list[int]:
    """Give children `grace_s` seconds to end, then kill them, and theirs; return those killed."""
    give_up = time.monotonic() + grace_s
    while children() and time.monotonic() < give_up:
        reap()
        time.sleep(0.05)
    killed = []
    while pids := children():
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        killed += pids
        while set(pids) & set(children()):
            reap()
            time.sleep(0.01)
    return killed
