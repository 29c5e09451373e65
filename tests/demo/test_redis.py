"""The two Redis servers, run as the demo runs them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import BusyLoadingError, ConnectionError, OutOfMemoryError

from demo import redis
from tests.conftest import free_port


@contextmanager
def _running(command: list[str]) -> Iterator[Redis]:
    client = Redis("127.0.0.1", port=int(command[command.index("--port") + 1]))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                client.ping()
                break
            except (ConnectionError, BusyLoadingError):
                pass
        yield client
    finally:
        client.close()
        process.kill()
        process.wait()


def test_broker_remembers_after_it_was_killed(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces"
    folder.mkdir()
    command = redis.broker_command(redis.server_path(), free_port(), folder)
    with _running(command) as client:
        client.set("job", "queued")
    with _running(command) as client:
        assert client.get("job") == b"queued"


def test_full_frames_server_refuses_and_drops_nothing(tmp_path: Path) -> None:
    command = redis.frames_command(redis.server_path(), free_port(), tmp_path, max_bytes=16 * 2**20)
    with _running(command) as client:
        client.set("first", bytes(4 * 2**20))
        client.set("second", bytes(4 * 2**20))
        with pytest.raises(OutOfMemoryError):
            client.mset({"third": bytes(4 * 2**20), "fourth": bytes(4 * 2**20)})
        assert client.strlen("first") == 4 * 2**20
    assert list(tmp_path.iterdir()) == []


def test_system_server_serves_where_the_environment_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = tmp_path / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setattr(redis, "find_spec", _nothing)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.server_path() == server


def test_missing_server_is_one_sentence_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "find_spec", _nothing)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(redis.NoRedisServerError, match="apt-get install redis-server"):
        redis.server_path()


def _nothing(_name: str) -> ModuleSpec | None:
    return None
