"""When ticks are due."""

from streamer.pace import CATCH_UP_TICKS, LATE_S, Pace

PACE = Pace(1000.0)


def test_ticks_do_not_drift() -> None:
    assert PACE.due_s(0) == 1000.0
    assert PACE.due_s(25 * 86_400) == 1000.0 + 86_400


def test_tick_is_late_from_ten_milliseconds_on() -> None:
    assert not PACE.is_late(25, 1001.0 + 0.9 * LATE_S)
    assert PACE.is_late(25, 1001.0 + 1.1 * LATE_S)


def test_short_stall_is_caught_up_with() -> None:
    assert PACE.to_skip(25, 1001.0) == 0
    assert PACE.to_skip(25, 1001.0 + CATCH_UP_TICKS / 25) == 0


def test_long_stall_is_skipped_up_to_the_tick_that_is_due_now() -> None:
    skipped = PACE.to_skip(25, 1001.0 + 10.0)
    assert skipped == 250
    assert PACE.due_s(25 + skipped) == 1011.0


def test_clock_that_went_back_skips_nothing() -> None:
    assert PACE.to_skip(25, 900.0) == 0
