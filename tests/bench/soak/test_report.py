"""A soak's report tells all that was found, and which goals are missed."""

from dataclasses import replace

from bench.soak.counting import Loss, Trouble
from bench.soak.report import shown
from tests.bench.soak.test_goals import GOOD


def test_all_of_it_is_shown_with_the_goals_that_are_missed() -> None:
    text = shown(replace(GOOD, died=["api"], refused={"busy": 2}))
    assert "90000 ticks; 90000 pictures came, 0 lacking" in text
    assert "+1.0 ms at first, -1.0 ms at last" in text
    assert "3 jobs posted: done 2, cancelled 1" in text
    assert "not accepted: busy 2" in text
    assert "MISSED  no process ended by itself: api" in text
    assert text.count("met   ") == 11


def test_what_was_lost_is_told_with_the_part_that_was_broken() -> None:
    found = replace(GOOD, losses=[Loss(1003.0, "pictures", 1.2), Loss(500.0, "pictures", 0.04)])
    assert "encoder killed: pictures 1.2" in shown(found)
    assert "for no known reason: pictures 0.04" in shown(found)


def test_what_was_lost_while_the_host_took_the_processors_is_told_apart() -> None:
    stolen = [Trouble("the host", at_s, at_s + 1.5, cuts=True, after_s=3.0) for at_s in (100.0, 500.0)]
    found = replace(GOOD, losses=[Loss(501.0, "pictures", 0.04)], stolen=stolen)
    assert "in 2 stretches, 3.0 s in all" in shown(found)
    assert shown(found).count("the host: ") == 1
    assert "-500 s  the host: pictures 0.04" in shown(found)
    assert "for no known reason" not in shown(found)
