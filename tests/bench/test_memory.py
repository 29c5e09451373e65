"""The table of the memory benchmark."""

from bench.memory import GROWTH_MB, MB, Row, bound_mb, is_met, shown, table
from settings import Settings

HELD = "frames: held"


def test_a_row_compares_the_first_fifth_with_the_last_and_keeps_the_peak() -> None:
    samples = [{"streamer": 60.0}] * 2 + [{"streamer": 90.0}] * 7 + [{"streamer": 61.0}] * 1
    assert table(samples) == [Row("streamer", 60.0, 75.5, 90.0)]
    assert shown(table(samples)).splitlines()[1].split() == ["streamer", "60.0", "75.5", "90.0"]


def test_what_grows_is_not_flat() -> None:
    assert Row("streamer", 60.0, 65.0, 90.0).is_flat
    assert Row("broker: held", 1.0, 1.0 + GROWTH_MB, 9.0).is_flat
    assert not Row("streamer", 60.0, 67.0, 90.0).is_flat


def test_the_goal_is_missed_where_something_grows_or_the_window_is_more_than_its_bound() -> None:
    flat, full = Row("streamer", 60.0, 60.0, 60.0), Row(HELD, 9.0, 9.0, bound_mb() + 0.1)
    assert is_met([flat, Row(HELD, 9.0, 9.0, bound_mb())])
    assert not is_met([flat, full])
    assert not is_met([Row("api", 60.0, 80.0, 80.0), Row(HELD, 9.0, 9.0, 9.0)])


def test_the_bound_is_far_below_what_the_frames_server_may_hold_in_all() -> None:
    assert 5 < bound_mb() < Settings().window_bytes / MB / 10
