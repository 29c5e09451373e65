"""What is on air is heard until the one that cuts it off can begin, and gives way then."""

from dataclasses import replace

import pytest

from wire.jobs import Job, Mode, State
from wire.media import FPS
from workers.assignment import JobView
from workers.interruption import NEAR_S, TOLD_S, giving_way
from workers.views import Queued

ON_AIR = Job("a", "main", State.ON_AIR, 0, frames=500, frames_aired=100)
NOW = Job("b", "main", State.RENDERING, 9, frames=100, mode=Mode.NOW)
NEAR = int(NEAR_S * FPS)
AT = 50_000


def queued(job: Job, airs_in: int = 0, there: frozenset[int] = frozenset({0})) -> Queued:
    view = JobView(job.id, "viseme", job.frames, 0, airs_in, {}, there)
    return Queued(job, {}, 1000, "viseme", 0, True, False, frozenset(), view)


def test_job_on_air_gives_way_once_the_first_chunk_of_the_other_is_there_and_its_place_near() -> None:
    assert giving_way([queued(ON_AIR), queued(NOW, NEAR)], AT) == [ON_AIR]


@pytest.mark.parametrize(
    ("on_air", "follower"),
    [
        (queued(ON_AIR), queued(NOW, NEAR + 1)),
        (queued(ON_AIR), queued(NOW, NEAR, there=frozenset())),
        (queued(ON_AIR), queued(replace(NOW, mode=Mode.NEXT), NEAR)),
        (queued(ON_AIR), queued(replace(NOW, channel="other"), NEAR)),
        (queued(replace(ON_AIR, state=State.RENDERING)), queued(NOW, NEAR)),
    ],
)
def test_job_on_air_goes_on_until_then_and_for_every_other(on_air: Queued, follower: Queued) -> None:
    assert giving_way([on_air, follower], AT) == []


def test_job_that_ends_before_the_other_can_begin_is_heard_to_its_end() -> None:
    assert giving_way([queued(replace(ON_AIR, frames_aired=490)), queued(NOW, 10)], AT) == []
    assert giving_way([queued(replace(ON_AIR, frames_aired=489)), queued(NOW, 10)], AT) != []


def test_job_on_air_is_not_cut_off_for_one_that_may_expire_before_it_begins() -> None:
    soon = AT + int(1000 * (NEAR_S + TOLD_S))
    assert giving_way([queued(ON_AIR), queued(replace(NOW, expires_ms=soon - 100), NEAR)], AT) == []
    assert giving_way([queued(ON_AIR), queued(replace(NOW, expires_ms=soon + 100), NEAR)], AT) == [ON_AIR]


def test_each_channel_has_its_own() -> None:
    others = [replace(job, id=f"other {job.id}", channel="other") for job in (ON_AIR, NOW)]
    scene = [queued(job) for job in (ON_AIR, NOW, *others)]
    assert giving_way(scene, AT) == [ON_AIR, others[0]]
