"""The table of the dispatch benchmark."""

import pytest

from bench.dispatch import Cost, Taken, shown


def test_cost_of_a_chunk_is_what_passes_take_more_where_chunks_are_handed_out() -> None:
    cost = Cost((8, 10, "viseme"), 4, [Taken(3.0, 1.0), Taken(5.0, 2.0)], [Taken(1.0, 0.5), Taken(1.0, 0.5)])
    assert cost.each_ms == pytest.approx(2.0)
    figures = ["2.00", "1.50", "0.50", "2.00", "2.75", "1.50", "1.50", "1.50"]
    assert shown([cost]).splitlines()[1].split() == ["8", "10", "viseme", *figures]
