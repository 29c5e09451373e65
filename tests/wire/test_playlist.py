"""Where a job goes on its channel's playlist, and when it is no longer to air."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from redis import Redis

from wire import jobs, keys
from wire.jobs import WAITING, Job, Mode, State

JOB = Job("", "main", State.QUEUED, 1000)
POSTS = st.lists(st.tuples(st.sampled_from(Mode), st.integers(0, 9), st.sampled_from(sorted(WAITING))))


def post(broker: Redis, *posted: Job) -> list[str]:
    for job in posted:
        assert jobs.admit(broker, job, 999)
    return jobs.playlist(broker, "main")


def named(
    name: str, mode: Mode = Mode.APPEND, priority: int = 0, expires_ms: int = -1, on_air_ms: int = -1
) -> Job:
    return replace(JOB, id=name, mode=mode, priority=priority, expires_ms=expires_ms, on_air_ms=on_air_ms)


def test_jobs_are_spoken_in_the_order_of_posting(broker: Redis) -> None:
    assert post(broker, *map(named, "abc")) == ["a", "b", "c"]


def test_higher_priority_goes_first_and_behind_those_that_have_it_already(broker: Redis) -> None:
    posted = [named("a"), named("b", priority=5), named("c", priority=9), named("d", priority=5), named("e")]
    assert post(broker, *posted) == ["c", "b", "d", "a", "e"]


def test_next_goes_before_all_that_wait_and_behind_an_earlier_next(broker: Redis) -> None:
    posted = [named("a", priority=9), named("b", Mode.NEXT), named("c", Mode.NEXT), named("d", priority=9)]
    assert post(broker, *posted) == ["b", "c", "a", "d"]


def test_now_goes_before_every_next(broker: Redis) -> None:
    posted = [named("a"), named("b", Mode.NEXT, priority=9), named("c", Mode.NOW), named("d", Mode.NOW)]
    assert post(broker, *posted) == ["c", "d", "b", "a"]


@pytest.mark.parametrize("mode", list(Mode))
def test_what_is_on_air_is_never_moved(broker: Redis, mode: Mode) -> None:
    on_air = replace(named("a"), state=State.ON_AIR)
    assert post(broker, on_air, named("b", mode, priority=9)) == ["a", "b"]


@example_settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(POSTS, st.integers(0, 30))
def test_order_is_that_of_rank_and_then_of_posting(
    broker: Redis, posts: list[tuple[Mode, int, State]], on_air: int
) -> None:
    broker.flushdb()
    posted = [replace(named(str(n), mode, p), state=state) for n, (mode, p, state) in enumerate(posts)]
    post(broker, *posted[:on_air], replace(named("on air"), state=State.RENDERING))
    jobs.move(broker, named("on air"), State.ON_AIR, 60)
    order = list(Mode)
    by_rank = sorted(posted, key=lambda job: (-order.index(job.mode), -job.priority))
    assert post(broker, *posted[on_air:]) == ["on air", *(job.id for job in by_rank)]


def test_job_that_went_on_air_before_another_got_in_front_of_it_heads_the_playlist(broker: Redis) -> None:
    post(broker, replace(named("a"), state=State.RENDERING), named("b", Mode.NEXT))
    jobs.move(broker, named("a"), State.ON_AIR, 60, frames_aired=1)
    assert jobs.playlist(broker, "main") == ["a", "b"]
    begun = jobs.load(broker, "a")
    jobs.move(broker, named("a"), State.ON_AIR, 60, frames_aired=9)
    after = jobs.load(broker, "a")
    assert begun is not None
    assert after == replace(begun, frames_aired=9)
    assert begun.on_air_ms > 0


def test_job_of_another_channel_is_not_in_the_way(broker: Redis) -> None:
    post(broker, replace(named("a"), channel="other"))
    assert post(broker, named("b", Mode.NEXT)) == ["b"]
    assert jobs.playlist(broker, "other") == ["a"]


def test_job_lapses_at_its_time_and_no_sooner(broker: Redis) -> None:
    post(broker, named("a", expires_ms=2000), named("b", expires_ms=3000), named("c"))
    assert jobs.lapsed(broker, 1999) == []
    assert jobs.lapsed(broker, 2000) == ["a"]
    assert sorted(jobs.lapsed(broker, 10**12)) == ["a", "b"]


@pytest.mark.parametrize("to", [State.ON_AIR, State.CANCELLED, State.FAILED, State.EXPIRED])
def test_job_that_is_on_air_or_has_ended_lapses_no_more(broker: Redis, to: State) -> None:
    post(broker, replace(named("a", expires_ms=2000), state=State.RENDERING))
    assert jobs.move(broker, named("a"), to, 60)
    assert jobs.lapsed(broker, 10**12) == []
    assert not broker.exists(keys.EXPIRING)


@pytest.mark.parametrize(
    ("on_air", "follower", "cuts_off"),
    [
        (named("a"), named("b"), False),
        (named("a"), named("b", Mode.NEXT, 9), False),
        (named("a"), named("b", Mode.NOW), True),
        (named("a", Mode.NEXT, 9), named("b", Mode.NOW), True),
        (named("a", Mode.NOW, on_air_ms=999), named("b", Mode.NOW), True),
        (named("a", Mode.NOW, on_air_ms=1001), named("b", Mode.NOW), False),
    ],
)
def test_now_cuts_off_what_is_on_air_but_for_a_now_that_waited_when_it_was_posted(
    on_air: Job, follower: Job, cuts_off: bool
) -> None:
    assert follower.cuts_off(replace(on_air, state=State.ON_AIR)) is cuts_off
    assert not follower.cuts_off(replace(on_air, state=State.RENDERING))
