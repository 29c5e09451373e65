"""A whole installation of real processes on free ports; tests may kill, freeze and start again each one."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from demo import redis, rtmp
from demo.linux import ending_with_parent
from demo.processes import Process, Programs, Stage, all_processes
from settings import PREFIX, Settings
from tests.client import Client

ROOT = Path(__file__).resolve().parents[1]
MARKER = "SYSTEM_UNDER_TEST"
"""In the environment of every process that a system starts, and so of all that those start."""
HOST = "test"
READY_S = 120.0
"""Starting takes 5 s on an idle machine of two cores, and 30 s on one with a load of 10; three times as long
where the render worker has torch to load."""
PATIENCE = 3
"""Times what the demo grants a process to end: a machine that runs tests is busy."""
LEFT_S = 5.0
"""What a stopped process started itself has so long to notice."""
LOG_LINES = 25


class NoSystemError(RuntimeError):
    """The system cannot be started here, or did not become ready; the text says why."""


@dataclass
class Running:
    """One process: its command, where its output goes, and the process itself, dead or alive."""

    process: Process
    log: Path
    popen: "subprocess.Popen[bytes]"


def free_ports(count: int) -> list[int]:
    """Return TCP ports that nobody listens on, all different."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports


class System:
    """Both Redis servers, RTMP server, a worker of each role, streamer and API, as `make demo` runs them.

    Everything lies under `folder`; `environment` holds settings and whatever an engine reads besides. The
    names are those of `demo.processes`: broker, frames, rtmp, prepare, dispatch, render0, streamer, api.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        broker, frames, rtmp_port, api = free_ports(4)
        self.folder = folder
        self.rtmp_url = f"rtmp://127.0.0.1:{rtmp_port}/live/main"
        self.environment = _clean_environment() | {
            MARKER: str(folder),
            "LIVE_BROKER_URL": f"redis://127.0.0.1:{broker}/0",
            "LIVE_FRAMES_URL": f"redis://127.0.0.1:{frames}/0",
            "LIVE_UPLOADS_FOLDER": str(folder / "uploads"),
            "LIVE_AVATARS_FOLDER": str(folder / "avatars"),
            "LIVE_HLS_FOLDER": str(folder / "hls"),
            "LIVE_API_PORT": str(api),
            "LIVE_RTMP_URL": self.rtmp_url,
            **environment,
        }
        self.client = Client(f"http://127.0.0.1:{api}")
        self._processes = {p.name: p for p in _processes(folder, self.environment, rtmp_port)}
        self._own_environment: dict[str, Mapping[str, str]] = {}
        self._running: dict[str, Running] = {}
        self._sessions: set[int] = set()

    def __enter__(self) -> Self:
        """Start everything and wait until a job could be posted.

        Raises:
            NoSystemError: it did not come to that; the text holds the ends of the logs.
        """
        try:
            for name in self._processes:
                self.start(name)
            self.await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stubborn = self._end_all()
        left = self._left_after(LEFT_S)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not stubborn, "did not end when asked to:\n" + "\n".join(map(self.tail, stubborn))
        assert not left, f"still alive after the end: {list(left.values())}"

    def listen(self, address: str) -> None:
        """Have both Redis servers, which do not run yet, answer at one more address of this host."""
        for name in ("broker", "frames"):
            process = self._processes[name]
            more = ("--bind", "127.0.0.1", address, "--protected-mode", "no")
            self._processes[name] = replace(process, command=(*process.command, *more))

    def add_worker(self, index: int, run: tuple[str, ...] = (), **environment: str) -> str:
        """Start one more render worker by README's command, on a queue of its own; return its name.

        `run` is what its command is run by, `environment` what it has beside the others.
        """
        name, celery = f"render{index}", str(Path(sys.executable).with_name("celery"))
        command = (*run, celery, "-A", "workers", "worker", "-Q", f"gpu.{HOST}.{index}", "-n", f"{name}@%h")
        return self._add(replace(self._processes["render0"], name=name, command=command), environment)

    def add_streamer(self, channel: str, **environment: str) -> str:
        """Start a streamer for one more channel; return its name. `url_of` tells where it sends to.

        `environment` is what it has beside the others.
        """
        process = replace(self._processes["streamer"], name=f"streamer-{channel}")
        own = {"LIVE_CHANNEL": channel, "LIVE_RTMP_URL": self.url_of(channel)}
        return self._add(process, own | environment)

    def add_standby(self) -> str:
        """Start one more streamer for the channel of the first; return its name."""
        return self._add(replace(self._processes["streamer"], name="standby"), {})

    def add_flower(self) -> Client:
        """Start Flower by the demo's command, open to whoever asks; return a client of it."""
        (port,) = free_ports(1)
        environment = self.environment | {"LIVE_FLOWER_PORT": str(port)}
        (flower,) = (p for p in _of_demo(self.folder, environment, nginx=None) if p.name == "flower")
        self._add(flower, {"FLOWER_UNAUTHENTICATED_API": "true"})
        return Client(f"http://127.0.0.1:{port}")

    def url_of(self, channel: str) -> str:
        """Return the RTMP address of a channel."""
        return f"{self.rtmp_url.rpartition('/')[0]}/{channel}"

    def _add(self, process: Process, environment: Mapping[str, str]) -> str:
        self._processes[process.name] = process
        self._own_environment[process.name] = environment
        self.start(process.name)
        return process.name

    @property
    def names(self) -> set[str]:
        """The names of all processes, dead or alive."""
        return set(self._processes)

    def remove(self, name: str) -> None:
        """End a process that was added; it is not started again."""
        if name in self._running:
            self.end(name)
        del self._processes[name]

    def start(self, name: str) -> None:
        """Start a process that does not run; its output goes on in the same file."""
        process, log = self._processes[name], self.log(name)
        with log.open("ab") as file:
            popen = subprocess.Popen(
                ending_with_parent(list(process.command)),
                cwd=ROOT,
                env={**self.environment, **self._own_environment.get(name, {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running[name] = Running(process, log, popen)
        self._sessions.add(popen.pid)

    def heal(self) -> None:
        """Thaw what is frozen, and start again what does not run."""
        for name in self._processes:
            running = self._running.get(name)
            if running is None or running.popen.poll() is not None:
                self.start(name)
            else:
                self.thaw(name)

    def kill(self, name: str) -> None:
        """Kill a process at once, as `kill -9` does; what it started is left to notice."""
        running = self._running.pop(name)
        running.popen.kill()
        running.popen.wait()

    def kill_all_of(self, name: str) -> None:
        """Kill a process, and all that it started, at once."""
        running = self._running.pop(name)
        os.killpg(running.popen.pid, signal.SIGKILL)
        running.popen.wait()

    def end(self, name: str) -> None:
        """Ask a process to end, and wait until it did."""
        self._ask_to_end(name)
        assert self._has_ended(name), f"did not end when asked to:\n{self.tail(name)}"

    def children(self, name: str) -> list[int]:
        """Return the ids of the processes that a process started itself."""
        pid = self._running[name].popen.pid
        found: list[int] = []
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # a thread that ends while it is looked at
                found += map(int, task.read_text().split())
        return found

    def pids(self) -> dict[str, list[int]]:
        """Return the ids of each process that runs, and of those that it started itself."""
        return {name: [running.popen.pid, *self.children(name)] for name, running in self._running.items()}

    def dead(self) -> list[str]:
        """Return the processes that were started, and ended by themselves."""
        return [name for name, running in self._running.items() if running.popen.poll() is not None]

    def freeze(self, name: str) -> None:
        """Have a process stand still until `thaw`, and what it started but in sessions of their own.

        A streamer's ffmpeg and pushers have one: they go on with what they were given.
        """
        os.killpg(self._running[name].popen.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._running[name].popen.pid, signal.SIGCONT)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def tail(self, name: str) -> str:
        """Return the last lines that a process wrote."""
        lines = self.log(name).read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f"--- {name}", *lines])

    def tails(self) -> str:
        """Return the last lines that each process wrote."""
        return "\n".join(self.tail(name) for name in self._processes if self.log(name).exists())

    def await_ready(self, timeout_s: float = READY_S) -> None:
        """Wait until the API finds all parts alive.

        Raises:
            NoSystemError: a process ended, or `timeout_s` went by.
        """
        self.await_that(self.client.is_ready, "ready", timeout_s)

    def await_that(
        self, condition: Callable[[], bool], what: str | Callable[[], str], timeout_s: float = READY_S
    ) -> None:
        """Wait until `condition` holds; `what` says then what is so, or is called where it does not come.

        Raises:
            NoSystemError: a process ended, or `timeout_s` went by.
        """
        end = time.monotonic() + timeout_s
        while not condition():
            dead = self.dead()
            if dead or time.monotonic() > end:
                why = f"{', '.join(dead)} ended" if dead else f"{timeout_s:.0f} s went by"
                missed = what if isinstance(what, str) else what()
                raise NoSystemError(f"not {missed}: {why}\n{self.tails()}")
            time.sleep(0.05)

    def _end_all(self) -> list[str]:
        """Ask everything to end, the servers last: the others speak to them; return what did not."""
        stubborn = []
        for are_servers in (False, True):
            names = [n for n, r in self._running.items() if (r.process.stage is Stage.SERVERS) is are_servers]
            for name in names:
                self._ask_to_end(name)
            stubborn += [name for name in names if not self._has_ended(name)]
        return stubborn

    def _ask_to_end(self, name: str) -> None:
        self.thaw(name)
        self._running[name].popen.terminate()

    def _has_ended(self, name: str) -> bool:
        """Wait until a process that was asked to end did; if it does not, kill all of it."""
        running = self._running.pop(name)
        try:
            running.popen.wait(PATIENCE * running.process.stop_s)
        except subprocess.TimeoutExpired:
            os.killpg(running.popen.pid, signal.SIGKILL)
            running.popen.wait()
            return False
        return True

    def _left_after(self, timeout_s: float) -> dict[int, str]:
        """Return what still runs of all that was started, if it does not end within `timeout_s`."""
        end = time.monotonic() + timeout_s
        while (left := _alive(str(self.folder), self._sessions)) and time.monotonic() < end:
            time.sleep(0.05)
        return left


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _alive(marker: str, sessions: set[int]) -> dict[int, str]:
    """Return the commands of all processes that have the marker in their environment, or are in `sessions`.

    A process may write its title over its environment, or begin a session of its own; none does both.
    """
    wanted = f"{MARKER}={marker}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended
            command = (folder / "cmdline").read_text().replace("\0", " ")  # empty where it ended unnoticed
            marked = wanted in (folder / "environ").read_bytes().split(b"\0")
            if command and (marked or os.getsid(int(folder.name)) in sessions):
                found[int(folder.name)] = command
    return found


def _processes(folder: Path, environment: Mapping[str, str], rtmp_port: int) -> list[Process]:
    """Return what the demo runs with these settings, less Flower, which no test looks at."""
    server = rtmp.find()
    if server is None:
        raise NoSystemError("there is no RTMP server here")
    for name in ("broker", "frames", "nginx"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(rtmp.config(server, rtmp_port, folder / "nginx"))
    return [p for p in _of_demo(folder, environment, server.nginx) if p.name != "flower"]


def _of_demo(folder: Path, environment: Mapping[str, str], nginx: Path | None) -> Iterable[Process]:
    programs = Programs(Path(sys.executable), redis.server_path(), nginx)
    return all_processes(_settings_of(environment), programs, folder, HOST)


def _settings_of(environment: Mapping[str, str]) -> Settings:
    values = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items()}
    return Settings(**{name: values[name] for name in Settings.model_fields if name in values})  # type: ignore[arg-type] # parsed
