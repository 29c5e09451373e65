"""What airs next is read at once, in order, and no further than is asked for."""

from dataclasses import replace

import pytest
from redis import Redis

from wire import channels, jobs, keys, lineup
from wire.channels import Channel
from wire.chunks import Row, Stage
from wire.jobs import UNPREPARED, Job, Mode, State

CHANNEL = Channel("main", "hash", 250, 1280, 720, 1000)
JOB = Job("", "main", State.RENDERING, 0, frames=100)


def post(broker: Redis, *posted: Job) -> None:
    channels.report(broker, CHANNEL)
    for job in posted:
        jobs.admit(broker, job, 99)


def read(broker: Redis, frames: int) -> list[str]:
    """Return the ids of the jobs that are read of the one channel there is."""
    (line,) = lineup.read(broker, frames)
    return [job.id for job, _ in line.jobs]


def test_jobs_come_whole_with_their_chunk_tables(broker: Redis) -> None:
    first, second = (
        replace(JOB, id="a", state=State.ON_AIR, frames_aired=40, degraded=True),
        replace(JOB, id="b"),
    )
    post(broker, first, second)
    row = Row(Stage.SENT, 1, "gpu.h.0", 5000)
    broker.hset(keys.chunks("a"), "2", row.to_json())
    (line,) = lineup.read(broker, 60)
    assert line.channel.position == 1000
    assert line.jobs == [(first, {2: row}), (second, {})]


def test_no_job_is_read_behind_as_many_frames_as_were_asked_for(broker: Redis) -> None:
    started = replace(JOB, id="a", frames_aired=70)
    post(broker, started, *(replace(JOB, id=name) for name in "bcd"))
    assert read(broker, 29) == ["a"]
    assert read(broker, 30) == ["a", "b"]
    assert read(broker, 130) == ["a", "b", "c"]


def test_many_short_jobs_are_read_as_far_as_was_asked_for(broker: Redis) -> None:
    names = [f"{number:02}" for number in range(40)]
    post(broker, *(replace(JOB, id=name, frames=1) for name in names))
    assert read(broker, 29) == names[:30]
    assert read(broker, 99) == names


@pytest.mark.parametrize("state", sorted(UNPREPARED))
def test_a_job_that_is_not_prepared_keeps_back_those_behind_it(broker: Redis, state: State) -> None:
    post(broker, replace(JOB, id="a"), replace(JOB, id="b", state=state, frames=-1), replace(JOB, id="c"))
    assert read(broker, 1000) == ["a"]


def test_a_job_whose_record_is_gone_keeps_nothing_back(broker: Redis) -> None:
    post(broker, replace(JOB, id="a"), replace(JOB, id="b"))
    broker.delete(keys.job("a"))
    assert read(broker, 10) == ["b"]


def test_each_channel_has_its_own(broker: Redis) -> None:
    post(broker, replace(JOB, id="a"))
    channels.report(broker, replace(CHANNEL, name="other"))
    jobs.admit(broker, replace(JOB, id="b", channel="other"), 99)
    jobs.admit(broker, replace(JOB, id="c", channel="never played"), 99)
    lines = {line.channel.name: [job.id for job, _ in line.jobs] for line in lineup.read(broker, 10)}
    assert lines == {"main": ["a"], "other": ["b"]}


def at(name: str, posted_ms: int, **more: object) -> Job:
    return replace(JOB, id=name, posted_ms=posted_ms, **more)  # type: ignore[arg-type] # a job's fields


@pytest.mark.parametrize("mode", [Mode.NEXT, Mode.NOW])
def test_a_job_that_is_not_prepared_keeps_back_none_that_it_overtook(broker: Redis, mode: Mode) -> None:
    post(broker, at("a", 1, state=State.ON_AIR), at("b", 2), at("d", 4))
    post(broker, at("c", 3, mode=mode, state=State.PREPARING, frames=-1))
    assert jobs.playlist(broker, "main") == ["a", "c", "b", "d"]
    assert read(broker, 1000) == ["a", "b"]


def test_a_job_of_higher_priority_that_is_not_prepared_keeps_back_those_posted_later(broker: Redis) -> None:
    post(broker, at("a", 1), at("b", 2, priority=5, state=State.QUEUED, frames=-1), at("c", 3, priority=5))
    assert jobs.playlist(broker, "main") == ["b", "c", "a"]
    assert read(broker, 1000) == ["a"]


def test_a_job_that_cuts_off_what_is_on_air_is_read_however_long_that_would_go_on(broker: Redis) -> None:
    post(broker, at("a", 1, state=State.ON_AIR, frames=90_000), at("b", 2), at("c", 3, mode=Mode.NOW))
    assert read(broker, 30) == ["a", "c"]
