"""One system that is hurt again and again, and the ledger of what its viewers saw."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.ledger import Entry, Ledger
from tests.faults.verdict import broker
from tests.made_up import faults_file, made_up
from tests.system import ROOT, System
from wire import workers

TIMEOUT_S = 300
"""Setting a system up, which counts as part of its first test, may take a minute on a busy machine."""
RUNS = 2
"""Of each test, in full; those that measure a time say how many they need by the mark `runs`."""
WORKERS = 3
SPEED = "50"
"""Frames a second of each: a lease is 3 s then, and a chunk that a test holds for one is not overdue."""


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(TIMEOUT_S))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.getoption("--full"):
        mark = metafunc.definition.get_closest_marker("runs")
        metafunc.fixturenames.append("run")
        metafunc.parametrize("run", range(mark.args[0] if mark else RUNS), indirect=True)


@pytest.fixture
def run(request: pytest.FixtureRequest) -> int:
    """Which of a test's runs this is."""
    return int(request.param)


@pytest.fixture(scope="session")
def is_full(request: pytest.FixtureRequest) -> bool:
    """Whether faults last as long as they are documented to, and are made again and again."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def ledger(is_full: bool) -> Iterator[Ledger]:
    """What all tests found; written down where they ran in full."""
    kept = Ledger()
    yield kept
    if is_full:
        kept.write(ROOT / "docs" / "faults.md")


@pytest.fixture
def entry(request: pytest.FixtureRequest, ledger: Ledger) -> Entry:
    """The ledger's entry for the fault that the test's mark `fault` names."""
    mark = request.node.get_closest_marker("fault")
    return ledger.entry(mark.args[0])


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with three render workers."""
    with made_up(tmp_path_factory.mktemp("faults"), MADE_UP_SPEED=SPEED) as running:
        for index in range(1, WORKERS):
            running.add_worker(index)
        yield running


@pytest.fixture
def system(shared: System) -> Iterator[System]:
    """The shared system, whole again, with nothing going wrong but what the test asks for."""
    names = shared.names
    faults_file(shared.folder).unlink(missing_ok=True)
    shared.heal()
    shared.await_that(lambda: shared.client.is_ready() and count_workers(shared) == WORKERS, "whole")
    yield shared
    for added in shared.names - names:
        shared.remove(added)


@pytest.fixture
def plan(system: System) -> Callable[[str], object]:
    """Write down what goes wrong in the workers of the system from now on (see `tests.made_up_engine`)."""
    path: Path = faults_file(system.folder)
    return path.write_text


def count_workers(system: System) -> int:
    """Return how many render workers live."""
    return sum(worker.role == "render" for worker in workers.live(broker(system)))


def begin_anew(system: System) -> None:
    """Have the system's workers begin anew: none has been measured to be slower than the others."""
    for index in range(WORKERS):
        system.kill_all_of(f"render{index}")
    system.await_that(lambda: count_workers(system) == 0, "missed")
    system.heal()
    system.await_that(lambda: count_workers(system) == WORKERS, "back")
