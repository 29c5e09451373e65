"""A short soak: jobs close together, parts broken that viewers must not notice, and every goal met."""

import pytest

from bench.soak.goals import goals
from bench.soak.plan import Blow, Post
from bench.soak.report import shown
from bench.soak.run import soak
from tests.system import System
from wire.jobs import Mode

LENGTHS_S = (0.2, 0.6, 1.6, 0.4, 0.8, 0.3, 1.2, 0.5, 2.4, 0.2, 0.7, 1.0, 0.4, 0.6)
POSTS = [Post(0.3 * i, length_s, Mode.APPEND) for i, length_s in enumerate(LENGTHS_S)]
"""They come faster than they are spoken: most follow each other with no frame between them."""
BLOWS = [(4.5, Blow.TWICE), (5.0, Blow.RENDERER), (8.0, Blow.FRAMES)]
"""What costs viewers nothing, but that speech may pause. What was spoken before had calm."""
SECONDS = 10.0
SEED = 1
JUDGED = len(POSTS) // 3
STILL_S = 1.0
"""A machine that gives nobody any time for so long may cost frames."""


def test_jobs_in_a_row_and_blows_that_viewers_must_not_notice_meet_every_goal(system: System) -> None:
    found = soak(system, POSTS, BLOWS, SECONDS, SEED)
    missed = [goal for goal in goals(found) if not goal.is_met]
    if missed and found.still_s > STILL_S:
        pytest.skip(f"the machine stood still for {found.still_s:.1f} s: nothing can be told\n{shown(found)}")
    assert missed == [], shown(found)
    assert len(found.unshaken) > JUDGED, shown(found)
