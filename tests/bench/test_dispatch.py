"""The table of the dispatch benchmark."""

import pytest

from bench.dispatch import Cost, shown


def test_cost_is_that_of_a_chunk_however_many_passes_it_took() -> None:
    cost = Cost((8, 10, "viseme", 1), 4, 6.0, 2.0, (1.0, 2.0, 6.0), 3.5)
    assert cost.each_ms == pytest.approx(2.0)
    figures = ["2.00", "1.50", "0.50", "2.00", "1.00", "6.00", "3.50"]
    assert shown([cost]).splitlines()[1].split() == ["8", "10", "viseme", "1", *figures]
