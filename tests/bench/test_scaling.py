"""The table of the scaling benchmark."""

from bench.scaling import GOAL, JOBS, WORKERS, is_met, shown

RATES = {(alive, count): 2.5 * alive for alive in WORKERS for count in JOBS}


def test_the_goal_is_missed_where_it_is_on_one_number_of_jobs() -> None:
    assert is_met(RATES, 2.5)
    assert not is_met(RATES | {(WORKERS[-1], JOBS[-1]): 2.5 * (GOAL - 0.1)}, 2.5)


def test_each_rate_is_shown_with_how_often_it_is_that_of_one_worker() -> None:
    lines = shown(RATES, 10.0).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == [str(alive) for alive in WORKERS]
    assert lines[4].split() == ["8", *["20.00", "(8.00)"] * len(JOBS)]
    assert "would give 2.50" in lines[5]
