"""What runs, in which order."""

from pathlib import Path

from demo.processes import Process, Programs, all_processes
from settings import Settings

PROGRAMS = Programs(Path("/v/python"), Path("/v/redis-server"), Path("/v/nginx"))


def _processes(settings: Settings, programs: Programs = PROGRAMS) -> dict[str, Process]:
    return {process.name: process for process in all_processes(settings, programs, Path("/d"), "box")}


def test_servers_come_first_and_who_uses_them_later() -> None:
    names = list(_processes(Settings()))
    assert names == [
        "broker",
        "frames",
        "rtmp",
        "prepare",
        "dispatch",
        "render0",
        "streamer",
        "api",
        "flower",
    ]
    stages = [process.stage for process in _processes(Settings()).values()]
    assert stages == sorted(stages)


def test_render_worker_serves_the_queue_of_this_host() -> None:
    command = _processes(Settings())["render0"].command
    assert command == (
        *("/v/python", "-m", "celery", "-q", "-A", "workers", "worker"),
        *("-Q", "gpu.box.0", "-n", "render0@%h", "-c", "1"),
    )


def test_server_that_is_elsewhere_or_cannot_be_had_is_not_run() -> None:
    away = Settings(broker_url="redis://queue.example/0", frames_url="redis://frames.example/0")
    names = set(_processes(away, Programs(PROGRAMS.python, PROGRAMS.redis, None)))
    assert not names & {"broker", "frames", "rtmp"}


def test_frames_server_has_room_beyond_where_dispatch_waits() -> None:
    command = _processes(Settings(window_bytes=400 * 2**20))["frames"].command
    assert int(command[command.index("--maxmemory") + 1]) >= 500 * 2**20
