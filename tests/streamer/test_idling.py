"""The clip of idle goes on by itself, and is found again where the other left off."""

import numpy as np
import pytest

from avatars.pose import Poses
from streamer.canvas import Canvas
from streamer.idling import IdleClip, Idling
from streamer.mixing import FULL, Fade, planes
from tests.streamer.conftest import FRAMES, HEIGHT, LUMA_FRAMES, WIDTH, make_avatar

BACK = 7


@pytest.fixture
def idling() -> Idling:
    """At place 1; the clip that speaks meets it at place 7, wherever it is."""
    poses = Poses(to_talk=np.zeros(18, np.int64), to_idle=np.full(18, BACK))
    return Idling(IdleClip(make_avatar(), poses), 1, Fade(2))


def luma(idling: Idling) -> int:
    return int(planes(idling.picture().whole())[0][0, 0]) - LUMA_FRAMES


def test_it_shows_its_own_frames_one_a_tick_also_after_ticks_that_were_not_sent(idling: Idling) -> None:
    idling.step(False, 0)
    assert (idling.place, luma(idling), idling.is_alone) == (2, 2, True)
    idling.skip(FRAMES - 2)
    idling.step(False, 0)
    assert (idling.place, luma(idling)) == (FRAMES + 1, FRAMES - 3)


def test_it_tells_where_it_would_come_back_while_it_is_not_seen(idling: Idling) -> None:
    for _ in range(3):
        idling.step(True, 0)
    assert (idling.place, idling.share, idling.is_alone) == (BACK, FULL, False)
    idling.step(False, 0)
    idling.step(False, 0)
    assert (idling.place, idling.is_alone) == (BACK + 1, True)


def test_clip_that_speaks_lies_over_it_by_its_share(idling: Idling) -> None:
    speaking = make_avatar(WIDTH, HEIGHT).pictures
    idling.step(True, 0)
    idle = idling.picture().whole()
    over = idling.under(Canvas(speaking[8])).whole()
    np.testing.assert_array_equal(
        planes(over)[0], (planes(idle)[0].astype(int) + planes(speaking[8])[0]) // 2
    )
