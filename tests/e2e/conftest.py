"""Running systems."""

from collections.abc import Iterator

import pytest

from tests.made_up import made_up
from tests.system import System

TIMEOUT_S = 300
"""Setting a system up, which counts as part of its first test, may take a minute on a busy machine."""
UPLOAD_MAX_S = 40
UPLOAD_MAX_BYTES = 4 * 2**20
"""Small, so that sounds just over them are posted soon; 40 s of 48 kHz are less."""


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
