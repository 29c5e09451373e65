"""A short soak: jobs at random, one part broken, and every goal met."""

import pytest

from bench.soak.plan import blows, posts
from bench.soak.run import soak
from bench.soak.verdict import goals, shown
from tests.system import System

SHORT_S, LONG_S = 6.0, 60.0
SEED = 16


@pytest.mark.parametrize("seconds", [SHORT_S, pytest.param(LONG_S, marks=pytest.mark.slow)])
def test_jobs_and_one_blow_meet_every_goal(system: System, seconds: float) -> None:
    found = soak(system, list(posts(SEED, seconds)), list(blows(SEED, seconds)), seconds, SEED)
    assert [goal for goal in goals(found) if not goal.is_met] == [], shown(found)
