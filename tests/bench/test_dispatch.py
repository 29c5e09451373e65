"""The table of the dispatch benchmark."""

import pytest

from bench.dispatch import Cost, Taken, shown


def test_cost_of_a_chunk_is_what_passes_take_more_where_chunks_are_handed_out() -> None:
    busy, idle = [Taken(3.0, 1.0, 9.0), Taken(5.0, 2.0, 9.0)], [Taken(1.0, 0.5, 9.0), Taken(1.0, 0.5, 9.0)]
    cost = Cost((8, 10, "viseme"), 4, busy, idle)
    assert cost.each_ms == pytest.approx(2.0)
    figures = ["2.00", "1.50", "0.50", "5.50", "4.00", "7.00", "1.50"]
    assert shown([cost]).splitlines()[1].split() == ["8", "10", "viseme", *figures]
