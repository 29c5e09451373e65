"""A short soak: jobs at random, one part broken, and every goal met."""

import pytest

from bench.soak.goals import goals
from bench.soak.plan import blows, posts
from bench.soak.report import shown
from bench.soak.run import soak
from tests.system import System

SECONDS = 60.0
"""What a blow may cost excuses all for 20 s: a shorter soak would meet every goal whatever went wrong."""
SEED = 16


@pytest.mark.slow
def test_jobs_and_one_blow_meet_every_goal(system: System) -> None:
    found = soak(system, list(posts(SEED, SECONDS)), list(blows(SEED, SECONDS)), SECONDS, SEED)
    assert [goal for goal in goals(found) if not goal.is_met] == [], shown(found)
