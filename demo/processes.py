"""Every process of the demo: its name, its ordinary command, and when it starts and stops. Pure."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from urllib.parse import urlsplit

from demo import redis
from settings import Settings

RTMP_PORT = 1935
REDIS_PORT = 6379
_HERE = ("127.0.0.1", "localhost")


class Stage(IntEnum):
    """Started in this order and stopped in the reverse: who speaks to a server ends before it."""

    SERVERS = 1
    WORKERS = 2
    STREAMER = 3
    FRONT = 4


@dataclass(frozen=True, slots=True)
class Process:
    """One supervised process. After `stop_s` seconds a TERM that was not obeyed becomes a KILL."""

    name: str
    stage: Stage
    command: tuple[str, ...]
    stop_s: int


@dataclass(frozen=True, slots=True)
class Programs:
    """What the commands call: the environment's Python, a redis-server, and nginx where there is one."""

    python: Path
    redis: Path
    nginx: Path | None


def local_port(url: str, default: int) -> int | None:
    """Return the port of an address on this host, where the demo runs the server; None for any other."""
    parts = urlsplit(url)
    return (parts.port or default) if parts.hostname in _HERE else None


def local_rtmp(settings: Settings) -> str:
    """Return the first RTMP address on this host, where the demo runs the server; empty if there is none."""
    return next((url for url in settings.rtmp_urls if local_port(url, RTMP_PORT)), "")


def all_processes(settings: Settings, programs: Programs, folder: Path, host: str) -> tuple[Process, ...]:
    """Return what runs, in starting order. `folder` is the demo's own; `host` the short host name."""
    return (
        *_servers(settings, programs, folder),
        _worker(programs, "prepare", "prepare"),
        _worker(programs, "dispatch", "dispatch"),
        _worker(programs, "render0", f"gpu.{host}.0"),
        _python(programs, "streamer", Stage.STREAMER, 12, "streamer"),
        _python(programs, "api", Stage.FRONT, 10, "gunicorn", "-c", "app/gunicorn.py", "app:create_app()"),
        _python(programs, "flower", Stage.FRONT, 5, *_flower(settings)),
    )


def _servers(settings: Settings, programs: Programs, folder: Path) -> tuple[Process, ...]:
    """The servers whose address is on this host; those that are elsewhere are somebody else's to run."""
    broker = local_port(settings.broker_url, REDIS_PORT)
    frames = local_port(settings.frames_url, REDIS_PORT)
    room = (
        settings.window_bytes * 5 // 4
    )  # dispatch waits at window_bytes; what is being rendered comes on top
    servers = []
    if broker:
        command = redis.broker_command(programs.redis, broker, folder / "broker")
        servers.append(Process("broker", Stage.SERVERS, tuple(command), 10))
    if frames:
        command = redis.frames_command(programs.redis, frames, folder / "frames", room)
        servers.append(Process("frames", Stage.SERVERS, tuple(command), 10))
    if programs.nginx:
        command = [str(programs.nginx), "-c", str(folder / "nginx.conf")]
        servers.append(Process("rtmp", Stage.SERVERS, tuple(command), 5))
    return tuple(servers)


def _worker(programs: Programs, name: str, queue: str) -> Process:
    arguments = ("celery", "-q", "-A", "workers", "worker", "-Q", queue, "-n", f"{name}@%h", "-c", "1")
    return _python(programs, name, Stage.WORKERS, 15, *arguments)


def _flower(settings: Settings) -> tuple[str, ...]:
    # it has no login here, so it answers this host alone; a task it remembers takes 2 kB; it warns
    # whenever a worker that is busy does not answer it
    here = ("--address=127.0.0.1", f"--port={settings.flower_port}", "--max_tasks=10000", "--logging=error")
    return ("celery", "-A", "workers", "flower", *here)


def _python(programs: Programs, name: str, stage: Stage, stop_s: int, *arguments: str) -> Process:
    return Process(name, stage, (str(programs.python), "-m", *arguments), stop_s)
