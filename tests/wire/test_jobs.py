"""A job's record: admitted within a bound, moved only where its state allows."""

from dataclasses import replace

import pytest
from redis import Redis

from wire import jobs, keys, turns
from wire.jobs import Job, State

JOB = Job("a", "main", State.QUEUED, 1000, sound_name="x.wav", guidance_scale=1.5)


def test_record_comes_back_as_it_was_written(broker: Redis) -> None:
    job = replace(JOB, degraded=True, loudest=-1.25, frames=7)
    jobs.admit(broker, job, 5)
    assert jobs.load(broker, "a") == job
    assert jobs.load(broker, "b") is None


def test_playlist_keeps_the_order_of_posting_and_its_bound(broker: Redis) -> None:
    assert [jobs.admit(broker, replace(JOB, id=i, posted_ms=n), 2) for n, i in enumerate("abc")] == [
        True,
        True,
        False,
    ]
    assert jobs.playlist(broker, "main") == ["a", "b"]
    assert jobs.load(broker, "c") is None
    assert [job.id for job in jobs.latest(broker, 10)] == ["b", "a"]


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("to", list(State))
def test_job_moves_only_where_its_state_allows(broker: Redis, state: State, to: State) -> None:
    if to is State.QUEUED:
        return
    jobs.admit(broker, replace(JOB, state=state), 5)
    assert jobs.move(broker, JOB, to, 60, error="why") == (state in jobs.BEFORE[to])
    after = jobs.load(broker, "a")
    assert after is not None
    assert after.state is (to if state in jobs.BEFORE[to] else state)


def before(end: State) -> Job:
    """Return a job in a state that may come to this end."""
    return replace(JOB, state=max(jobs.BEFORE[end]))


@pytest.mark.parametrize("end", sorted(jobs.ENDED))
def test_ended_job_leaves_the_playlist_and_its_keys_have_an_end(broker: Redis, end: State) -> None:
    jobs.admit(broker, before(end), 5)
    broker.hset(keys.chunks("a"), "0", "{}")
    assert jobs.move(broker, JOB, end, 60)
    assert jobs.playlist(broker, "main") == []
    assert 0 < int(broker.ttl(keys.job("a"))) <= 60
    assert not broker.exists(keys.chunks("a"))
    ended = jobs.load(broker, "a")
    assert ended is not None
    assert ended.ended_ms > 0


@pytest.mark.parametrize("end", sorted(jobs.ENDED))
def test_end_of_a_job_is_seen_by_passes_under_way(broker: Redis, end: State) -> None:
    jobs.admit(broker, before(end), 5)
    seen = turns.look(broker, 0)
    assert jobs.move(broker, JOB, end, 60)
    assert not turns.commit(broker, seen.turn, [("HSET", keys.chunks("a"), "0", "{}")])
    assert not broker.exists(keys.chunks("a"))


@pytest.mark.parametrize(
    ("state", "aired", "at_s"),
    [
        (State.ON_AIR, 30, None),
        (State.DONE, 50, None),
        (State.CANCELLED, 0, None),
        (State.CANCELLED, 30, 1.2),
        (State.FAILED, 30, 1.2),
    ],
)
def test_job_that_ended_on_air_before_its_end_was_interrupted(
    state: State, aired: int, at_s: float | None
) -> None:
    assert replace(JOB, state=state, frames=50, frames_aired=aired).interrupted_at_s == at_s


def test_forgotten_job_cannot_come_back_by_a_late_report(broker: Redis) -> None:
    assert not jobs.move(broker, JOB, State.DONE, 60)
    assert jobs.load(broker, "a") is None


def test_job_that_is_sent_twice_is_on_the_playlist_once(broker: Redis) -> None:
    assert jobs.admit(broker, JOB, 5)
    assert jobs.admit(broker, JOB, 5)
    assert jobs.playlist(broker, "main") == ["a"]


def test_oldest_ended_jobs_are_forgotten_beyond_a_bound_and_waiting_ones_never(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "KEPT", 3)
    post(broker, 0, "other")
    for number in range(1, 10):
        ended = post(broker, number, "main")
        jobs.move(broker, ended, State.FAILED, 60)
    kept = [n for n in range(10) if jobs.load(broker, str(n))]
    assert kept == [0, 6, 7, 8, 9]
    assert [job.id for job in jobs.latest(broker, 10)] == ["9", "8", "7", "6"]


def test_names_of_jobs_whose_records_expired_do_not_gather(broker: Redis) -> None:
    for number in range(30):
        post(broker, number, f"c{number}")
        broker.delete(keys.job(str(number)))
    assert broker.zcard(keys.JOBS) < 9


def post(broker: Redis, number: int, channel: str) -> Job:
    job = replace(JOB, id=str(number), channel=channel, posted_ms=number)
    assert jobs.admit(broker, job, 1)
    return job


def test_job_that_was_lost_is_recalled_once_and_for_a_time(broker: Redis) -> None:
    lost = replace(JOB, state=State.FAILED, ended_ms=2000, error="why")
    assert jobs.recall(broker, lost, 60)
    assert jobs.load(broker, "a") == lost
    assert 0 < int(broker.ttl(keys.job("a"))) <= 60
    assert not jobs.recall(broker, replace(lost, error="again"), 60)
    assert jobs.latest(broker, 10) == [lost]


def test_job_that_goes_on_is_not_recalled(broker: Redis) -> None:
    jobs.admit(broker, JOB, 5)
    assert not jobs.recall(broker, replace(JOB, state=State.FAILED), 60)
    assert jobs.load(broker, "a") == JOB
