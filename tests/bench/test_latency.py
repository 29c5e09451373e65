"""The table of the latency benchmark."""

import pytest

from bench.latency import STAGES, shown, table


def post(*seconds: float) -> dict[str, float]:
    return dict(zip(STAGES, seconds, strict=True))


def test_the_table_has_each_stage_in_order_with_its_spread_and_its_own_step() -> None:
    first = post(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.81)
    second = post(0.1, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.01)
    rows = table([first, second])
    assert [row.stage for row in rows] == list(STAGES)
    sent = rows[2]
    assert (sent.p50_s, sent.min_s, sent.max_s) == pytest.approx((0.4, 0.3, 0.5))
    assert [row.step_s for row in rows[:3]] == pytest.approx([0.1, 0.1, 0.2])


def test_the_table_is_shown_in_milliseconds_with_the_ratio_to_the_goal() -> None:
    text = shown(table([post(*(0.1 * i for i in range(1, 10)))]), posts=1)
    (line,) = [line for line in text.splitlines() if line.startswith("POST answered")]
    assert line.split()[-4:] == ["100"] * 4
    assert "p50 is 0.90 of the 1.0 s" in text
