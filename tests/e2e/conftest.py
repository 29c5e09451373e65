"""Running systems, and their logs where a test fails."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from settings import Settings
from tests.metering.clip import lay_ready
from tests.system import System

ENGINE = "tests.made_up_engine:MadeUpEngine"
TIMEOUT_S = 300
"""Setting a system up, which counts as part of its first test, may take a minute on a busy machine."""
UPLOAD_MAX_S = 40
UPLOAD_MAX_BYTES = 4 * 2**20
"""Small, so that sounds just over them are posted soon; 40 s of 48 kHz are less."""


def made_up(folder: Path, **environment: str) -> System:
    """Return a system that plays the test clip, and speaks with the made-up engine."""
    clip = folder / "clip.mp4"
    lay_ready(clip, folder / "avatars", Settings().avatar_max_side_px)
    common = {"LIVE_ENGINE": ENGINE, "LIVE_AVATAR": str(clip), "LIVE_VIDEO_KBPS": "800"}
    return System(folder, common | environment)


@pytest.fixture(scope="package")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that tests share: they leave it as they found it.

    It takes half a core until the package's end: modules that run systems of their own come first by name.
    """
    bounds = {"LIVE_UPLOAD_MAX_S": str(UPLOAD_MAX_S), "LIVE_UPLOAD_MAX_BYTES": str(UPLOAD_MAX_BYTES)}
    with made_up(tmp_path_factory.mktemp("system"), **bounds) as running:
        yield running


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(TIMEOUT_S))


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
