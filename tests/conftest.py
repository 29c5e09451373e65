"""What tests share: a real Redis server, emptied for each, and what is said and done where one fails."""

import socket
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis, RedisError

from demo.redis import broker_command, server_path
from tests import stolen
from tests.system import System
from wire import connection

ANSWER_S = 30.0
"""How long a Redis server may take to answer: tests run side by side, and their disk may be slow."""

# an example that a busy machine holds up is no failure; and the same ones are tried in every run
settings.register_profile(
    "tests", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run fault tests at full length, again and again")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Tell failures beside which the host took the processors from others; they alone are run again."""
    with stolen.Watch() as watch:
        try:
            yield
        except (Exception, pytest.fail.Exception) as failure:
            if watch.worst < stolen.MUCH:
                raise
            taken = f"the host took {watch.worst:.0%} of the processors' time while {item.name} failed"
            raise stolen.StolenTimeError(taken) from failure


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
        server.wait(ANSWER_S)


def _await_answer(client: Redis) -> None:
    end = time.monotonic() + ANSWER_S
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
    client = connection.broker(f"{redis_address}/0", ANSWER_S)
    client.flushdb()
    return client


@pytest.fixture
def frames(redis_address: str) -> Redis:
    """An empty frames server."""
    client = connection.frames(f"{redis_address}/1", ANSWER_S)
    client.flushdb()
    return client
