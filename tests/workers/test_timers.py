"""What is done by the clock is done again and again, whatever fails, and ends when it is told to."""

from collections.abc import Callable
from threading import Event, Thread
from threading import enumerate as threads

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from workers import dispatch, timers

WAIT_S = 20.0


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", [RedisConnectionError("away"), ValueError("a mistake")])
def test_chore_that_fails_keeps_no_other_from_being_done_again_and_again(error: Exception) -> None:
    stop, rounds = Event(), []

    def work() -> None:
        rounds.append(1)
        if len(rounds) == 3:
            stop.set()

    timers.repeat(0.01, [failing(error), work], stop)
    assert len(rounds) == 3


def test_chores_that_take_long_hold_up_no_other_timer_and_all_end_on_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop, goes_on, passed = Event(), Event(), Event()
    slow = Event()

    def take_long() -> None:
        slow.set()
        goes_on.wait(WAIT_S)

    def run_pass() -> None:
        if slow.is_set():
            passed.set()

    monkeypatch.setattr(timers, "TIMERS", ((0.01, (run_pass,)), (0.01, (take_long,))))
    before = set(threads())
    timers.start(stop)
    started: set[Thread] = set(threads()) - before
    assert passed.wait(WAIT_S)
    stop.set()
    goes_on.set()
    for thread in started:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_passes_come_by_themselves_of_all_that_is_timed() -> None:
    alone = [chores for every_s, chores in timers.TIMERS if every_s == timers.PASS_S]
    assert alone == [(dispatch.run_pass,)]
