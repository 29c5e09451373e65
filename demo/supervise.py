"""The supervisor (supervisord): its configuration, and starting, asking and stopping it."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPException
from itertools import groupby
from pathlib import Path
from shlex import join
from types import TracebackType
from typing import Self, cast
from xmlrpc.client import Fault, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from demo import linux
from demo.processes import Process

LOG_MAX_BYTES = 5 * 2**20
"""Each process keeps two files of this size at most."""

ORPHANS_END_S = 1.0
"""How long a stopped process's own children get to notice, before they are killed."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the supervisor says of one process. `state` is its word: RUNNING, STARTING, BACKOFF, …"""

    name: str
    state: str
    reason: str


def config(processes: Iterable[Process], folder: Path, socket: Path, as_root: bool) -> str:
    """Return supervisord's configuration. Logs go to `folder / "log"`, a file for each process.

    A group a stage: supervisord starts them in order, and on TERM ends a group only when the next has ended.
    """
    stages = groupby(sorted(processes, key=lambda p: p.stage), key=lambda p: p.stage)
    groups = [_group(stage.name.lower(), stage.value, list(members), folder) for stage, members in stages]
    return "\n".join([_supervisor(folder, socket, as_root), *groups])


def _supervisor(folder: Path, socket: Path, as_root: bool) -> str:
    return f"""\
[supervisord]
nodaemon=true
silent=true
logfile={_escaped(folder / "log" / "supervisor.log")}
logfile_maxbytes={LOG_MAX_BYTES}
logfile_backups=1
pidfile={_escaped(folder / "supervisord.pid")}
{"user=root" if as_root else ""}
[unix_http_server]
file={_escaped(socket)}
chmod=0700
[supervisorctl]
serverurl=unix://{_escaped(socket)}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


def _group(name: str, priority: int, members: list[Process], folder: Path) -> str:
    head = f"[group:{name}]\nprograms={','.join(p.name for p in members)}\npriority={priority}\n"
    return "\n".join([head, *(_program(process, folder) for process in members)])


def _program(process: Process, folder: Path) -> str:
    # TERM goes to the process alone, which ends its children in its own order; KILL goes to all of them
    return f"""\
[program:{process.name}]
command={_escaped(join(process.command))}
autorestart=true
startsecs=1
startretries=1000000
stopwaitsecs={process.stop_s}
killasgroup=true
redirect_stderr=true
stdout_logfile={_escaped(folder / "log" / f"{process.name}.log")}
stdout_logfile_maxbytes={LOG_MAX_BYTES}
stdout_logfile_backups=1
"""


def _escaped(value: Path | str) -> str:
    return str(value).replace("%", "%%")


class Supervisor:
    """A running supervisord. Leaving the context stops every process, in order, and leaves none.

    It is no part of the terminal's session, so that neither Ctrl-C nor a closed terminal reaches it or its
    processes but through here; and it ends in order when this process is killed.
    """

    def __init__(self, processes: tuple[Process, ...], folder: Path, environment: dict[str, str]) -> None:
        self._processes = processes
        self._folder = folder
        self._environment = environment
        self.alive = False

    def __enter__(self) -> Self:
        linux.adopt_orphans()
        # not in the folder: a socket's path may have 107 bytes at most
        self._scratch = tempfile.TemporaryDirectory(prefix="latentsync-live-")
        self._socket = Path(self._scratch.name, "supervisor.sock")
        file = self._folder / "supervisord.conf"
        file.write_text(config(self._processes, self._folder, self._socket, as_root=os.geteuid() == 0))
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)]
        self._pid = subprocess.Popen(
            linux.ending_with_parent(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=self._environment,
            start_new_session=True,
        ).pid
        self.alive = True
        return self

    def reap(self) -> None:
        """Take note of what has ended: the supervisor, or orphans of its processes."""
        if self._pid in linux.reap():
            self.alive = False

    def statuses(self) -> list[Status]:
        """Return what the supervisor says of each process; nothing where it does not answer."""
        proxy = ServerProxy("http://127.0.0.1", SupervisorTransport(serverurl=f"unix://{self._socket}"))
        with contextlib.suppress(OSError, HTTPException, Fault):
            told = cast(list[dict[str, str]], proxy.supervisor.getAllProcessInfo())
            return [Status(p["name"], p["statename"], p["spawnerr"]) for p in told]
        return []

    def stop(self, meanwhile: Callable[[], None]) -> None:
        """Stop every process, in order; call `meanwhile` while that lasts. Stopping again changes nothing."""
        if self.alive:
            os.kill(self._pid, signal.SIGTERM)
        give_up = time.monotonic() + stop_bound_s(self._processes)
        while self.alive and time.monotonic() < give_up:
            self.statuses()  # wakes it: by itself it looks at signals and ended processes once a second
            self.reap()
            meanwhile()
            time.sleep(0.05)
        if self.alive:
            os.kill(self._pid, signal.SIGKILL)
        linux.kill_children(ORPHANS_END_S)
        self.alive = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(meanwhile=_nothing)
        self._scratch.cleanup()


def _nothing() -> None:
    pass


def stop_bound_s(processes: Iterable[Process]) -> int:
    """Return the seconds in which every stage has ended, one after the other, and a margin."""
    slowest = dict[int, int]()
    for process in processes:
        slowest[process.stage] = max(process.stop_s, slowest.get(process.stage, 0))
    return sum(slowest.values()) + 5
