"""The first turn comes at once, those that follow it apart."""

import pytest

from workers import pace
from workers.pace import Pace


class Clock:
    """A clock that only sleeping moves on, and the test."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, for_s: float) -> None:
        self.now_s += for_s


def test_turns_are_apart_and_one_that_comes_late_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, turns, paced = Clock(), [], Pace(0.5)
    monkeypatch.setattr(pace, "time", clock)
    for busy_s in (0.0, 0.0, 0.25, 3.0):
        clock.now_s += busy_s
        paced.wait()
        turns.append(clock.now_s - 1000)
    assert turns == [0.0, 0.5, 1.0, 4.0]
