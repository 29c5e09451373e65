"""A clock that is set forth and back, mid-job: the air goes by how much time passed, whatever it says."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ledger import Entry
from tests.faults.verdict import await_aired, broker, survive
from tests.made_up import made_up
from tests.metering.chirps import speech
from tests.system import System
from wire.connection import now_ms

SOURCE = Path(__file__).with_name("clock.c")
HOUR_S = 3600
SET_S = 2.0
"""Between two settings of the clock."""


def set_clock(folder: Path, ahead_s: int) -> None:
    """Set the clock of all processes so far ahead of the true one; the monotonic one goes on as it does."""
    with (folder / "ahead").open("r+b" if (folder / "ahead").exists() else "wb") as file:
        file.write(ahead_s.to_bytes(8, "little", signed=True))


@pytest.fixture
def clocked(tmp_path: Path) -> Iterator[System]:
    """A system on a host whose clock can be set.

    It is the only one that runs: this module comes before those that share a system.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a clock with")
    library = tmp_path / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
    set_clock(tmp_path, 0)
    with made_up(tmp_path, LD_PRELOAD=str(library), CLOCK_AHEAD=str(tmp_path / "ahead")) as running:
        yield running


@pytest.mark.fault("clock set an hour forth and back, mid-job")
@pytest.mark.slow
def test_clock_that_is_set_changes_nothing_on_air(clocked: System, entry: Entry) -> None:
    def hurt() -> None:
        await_aired(clocked, 20)
        for ahead_s in (HOUR_S, 0, -HOUR_S, 0):
            set_clock(clocked.folder, ahead_s)
            assert now_ms(broker(clocked)) / 1000 - time.time() == pytest.approx(ahead_s, abs=HOUR_S / 2)
            time.sleep(SET_S)

    survive(clocked, [speech(98, seconds=12)], hurt, entry)
