"""The table of the streamer's benchmark."""

import pytest

from bench.streamer.measuring import Cost
from bench.streamer.table import GOAL, is_met, line, row

BARE = Cost(0.1, 0.9)


def ours(ratio: float) -> Cost:
    return Cost(0.1 * ratio, 0.9 * ratio)


def test_a_row_has_the_medians_and_the_spread_of_the_rounds_own_ratios() -> None:
    slow = Cost(0.2, 1.8)
    made = row("idle", [(BARE, ours(1.1)), (slow, slow), (BARE, ours(0.9))])
    assert (made.ratio, made.least, made.most) == pytest.approx((1.0, 0.9, 1.1))
    assert (made.bare.feeder, made.bare.children) == pytest.approx((0.1, 0.9))
    assert made.ours.whole == pytest.approx(1.1)
    shown = "idle 0.100 + 0.900 = 1.000 0.110 + 0.990 = 1.100 1.00 (0.90 to 1.10)"
    assert " ".join(line(made).split()) == shown


def test_the_goal_is_missed_where_one_row_is_over_it() -> None:
    fits, fails = row("idle", [(BARE, ours(GOAL - 0.01))]), row("speech", [(BARE, ours(GOAL + 0.01))])
    assert is_met([fits, fits])
    assert not is_met([fits, fails])
