"""While the demo runs: logs on the terminal, the announcement once on air, and the end of it all."""

import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from demo import announce, probe
from demo.logs import SideBySide
from demo.processes import Process
from demo.supervise import Supervisor
from settings import Settings

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

UP_WITHIN_S = 60.0
"""Twice what a slow machine takes at its first start; then what is missing is named, this often."""

SHOW_S = 0.1
LOOK_S = 0.5


def run(
    processes: tuple[Process, ...],
    settings: Settings,
    folder: Path,
    environment: dict[str, str],
    began: float,
) -> int:
    """Run `processes` until a signal or the terminal's end; return the exit status. None is left then.

    Args:
        folder: the demo's own; logs go to `folder / "log"`, and those of an earlier run are deleted.
        environment: of the processes.
        began: when the user started the demo, on the monotonic clock in seconds.
    """
    socket.setdefaulttimeout(probe.TIMEOUT_S)  # a frozen supervisor must not freeze this loop
    stop = threading.Event()
    for number in STOPS:
        signal.signal(number, lambda *_: stop.set())
    logs = folder / "log"
    shutil.rmtree(logs)
    logs.mkdir()
    terminal = Terminal(SideBySide(logs, ("supervisor", *(p.name for p in processes)), sys.stdout.isatty()))
    with Supervisor(processes, folder, environment) as supervisor:
        herald = Herald(supervisor, settings, logs, began)
        while supervisor.alive and terminal.there and not stop.wait(SHOW_S):
            supervisor.reap()
            terminal.show_logs()
            terminal.show(herald.news())
        asked = supervisor.alive
        terminal.show(
            "\nStopping …" if asked else f"\nThe supervisor has ended: look at {logs}/supervisor.log"
        )
        supervisor.stop(meanwhile=terminal.show_logs)
    terminal.show("Stopped.")
    return 0 if asked else 1


class Terminal:
    """Standard output, which may go away: `there` tells."""

    def __init__(self, logs: SideBySide) -> None:
        self._logs = logs
        self.there = True

    def show_logs(self) -> None:
        for line in self._logs.lines():
            self.show(line)

    def show(self, text: str | None) -> None:
        if text is None or not self.there:
            return
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError:
            self.there = False


class Herald:
    """Looks whether the demo is on air until it is, and says so; or says what is missing."""

    def __init__(self, supervisor: Supervisor, settings: Settings, logs: Path, began: float) -> None:
        self._supervisor = supervisor
        self._settings = settings
        self._logs = logs
        self._began = began
        self._started = time.time()
        self._next_look = time.monotonic()
        self._next_complaint = time.monotonic() + UP_WITHIN_S
        self._on_air = False

    def news(self) -> str | None:
        """Return what there is to say now, if anything."""
        now = time.monotonic()
        if self._on_air or now < self._next_look:
            return None
        self._next_look = now + LOOK_S
        seen = probe.progress(self._supervisor, self._settings, self._started)
        self._on_air = not announce.blamed(seen)
        if self._on_air:
            return announce.on_air(self._settings, self._logs, now - self._began)
        if now < self._next_complaint:
            return None
        self._next_complaint = now + UP_WITHIN_S
        return announce.not_yet(seen, self._logs, now - self._began)
