"""What tests share: a real Redis server, emptied for each test, and what systems logged where one fails."""

import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from redis import Redis, RedisError

from demo.redis import broker_command, server_path
from tests.system import System
from wire import connection


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run fault tests at full length, again and again")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the ends of the processes' logs below a failure."""
    report = yield
    for value in item.funcargs.values():
        if report.failed and isinstance(value, System):
            report.sections.append(("logs of the system", value.tails()))
    return report


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Redis server, without the database's number."""
    port, folder = free_port(), tmp_path_factory.mktemp("redis")
    command = broker_command(server_path(), port, Path(folder))
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await_answer(Redis(port=port))
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _await_answer(client: Redis) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            client.ping()
            return
        except RedisError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


@pytest.fixture
def broker(redis_address: str) -> Redis:
    """An empty broker."""
    client = connection.broker(f"{redis_address}/0", 2.0)
    client.flushdb()
    return client


@pytest.fixture
def frames(redis_address: str) -> Redis:
    """An empty frames server."""
    client = connection.frames(f"{redis_address}/1", 2.0)
    client.flushdb()
    return client
