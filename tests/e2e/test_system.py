"""Systems under test can be hurt and healed, and leave nothing behind."""

import subprocess
from pathlib import Path

import pytest

from tests import system as module
from tests.system import System


def test_a_killed_process_is_missed_and_can_be_started_again(system: System) -> None:
    system.kill("render0")
    system.await_that(lambda: not system.client.is_ready(), "missed")
    system.start("render0")
    system.await_ready()


def test_a_frozen_process_is_missed_until_it_thaws(system: System) -> None:
    system.freeze("render0")
    system.await_that(lambda: not system.client.is_ready(), "missed")
    system.thaw("render0")
    system.await_ready()


def test_a_process_that_outlives_the_system_is_reported_and_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEFT_S", 0.2)
    made = System(tmp_path, {})
    stray = subprocess.Popen(["sleep", "60"], env=made.environment)
    with pytest.raises(AssertionError, match=r"still alive.*sleep 60"):
        made.__exit__()
    assert stray.wait(5) != 0


def test_a_system_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(module.NoSystemError, match="streamer ended"),
        System(tmp_path, {"LIVE_AVATAR": "none"}),
    ):
        pass
