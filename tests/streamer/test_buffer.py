"""Frames read ahead."""

from dataclasses import replace

import numpy as np

from streamer.buffer import BOUND_FRAMES, Buffer, Spoken
from streamer.playout import Supply
from tests.streamer.conftest import make_job, make_patch
from wire.jobs import Job
from wire.media import SAMPLES_PER_FRAME


def spoken(job: Job, *numbers: int) -> list[Spoken]:
    silence = np.zeros(SAMPLES_PER_FRAME, np.int16)
    return [Spoken(job, n, job.position + n, make_patch(), silence) for n in numbers]


def taken(buffer: Buffer, position: int) -> tuple[Supply, int | None]:
    supply, frame = buffer.take(position)
    return supply, frame.number if frame else None


def test_nothing_to_send_is_no_underrun() -> None:
    assert Buffer(100).take(0) == (Supply.NONE, None)


def test_job_begins_at_its_place_and_then_goes_on_each_tick() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job(frames=3, position=50), 0, 1, 2))
    assert taken(buffer, 49) == (Supply.NONE, None)
    assert [taken(buffer, 50 + i) for i in range(4)] == [
        *((Supply.READY, i) for i in range(3)),
        (Supply.NONE, None),
    ]


def test_job_for_which_the_timeline_leaps_begins_where_it_does() -> None:
    buffer = Buffer(100)
    job = replace(make_job(frames=3, position=500), leap=450)
    buffer.put(spoken(job, 0, 1, 2))
    assert taken(buffer, 49) == (Supply.NONE, None)
    assert [taken(buffer, at) for at in (50, 501, 502)] == [(Supply.READY, i) for i in range(3)]


def test_missing_frame_of_a_begun_job_is_late_until_it_comes() -> None:
    buffer = Buffer(100)
    job = make_job(frames=3)
    buffer.put(spoken(job, 0))
    assert taken(buffer, 0) == (Supply.READY, 0)
    assert taken(buffer, 1) == (Supply.LATE, None)
    buffer.put(spoken(job, 1))
    assert taken(buffer, 2) == (Supply.READY, 1)


def test_job_on_air_can_go_on_once_its_next_frame_is_here() -> None:
    buffer = Buffer(100)
    job = make_job(frames=2)
    buffer.put(spoken(job, 0))
    assert not buffer.has_next()
    buffer.take(0)
    assert not buffer.has_next()
    buffer.put(spoken(job, 1))
    assert buffer.has_next()
    buffer.drop("j")
    assert not buffer.has_next()


def test_next_job_follows_at_once_where_its_place_has_come() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job("a", frames=2), 0, 1))
    buffer.put(spoken(make_job("b", frames=1, position=2), 0))
    assert [taken(buffer, n) for n in range(3)] == [(Supply.READY, 0), (Supply.READY, 1), (Supply.READY, 0)]


def test_place_on_another_timeline_is_not_waited_for() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job(position=101), 0))
    assert taken(buffer, 0) == (Supply.READY, 0)


def test_dropped_job_is_neither_sent_nor_missed() -> None:
    buffer = Buffer(100)
    a, b = make_job("a"), make_job("b")
    buffer.put([*spoken(a, 0, 1), *spoken(b, 0)])
    buffer.take(0)
    buffer.drop("a")
    supply, frame = buffer.take(1)
    assert supply is Supply.READY
    assert frame is not None
    assert frame.job is b


def test_dropping_a_late_job_ends_the_wait() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job(), 0))
    buffer.take(0)
    buffer.drop("j")
    assert taken(buffer, 1) == (Supply.NONE, None)


def cut_off(rest: int) -> Buffer:
    """A buffer whose job is cut off at position 0, `rest` frames before its end."""
    buffer = Buffer(1000)
    buffer.put(spoken(make_job("a", frames=rest + 1), 0, 1))
    buffer.take(0)
    buffer.drop("a")
    return buffer


def test_job_planned_behind_one_that_was_cut_off_begins_once_it_is_there_and_the_mouth_is_closed() -> None:
    buffer = cut_off(rest=100)
    next_job = make_job("b", frames=2, position=101)
    buffer.put(spoken(next_job, 0))
    assert buffer.take(1) == (Supply.NONE, None)
    buffer.put(spoken(next_job, 1))
    assert buffer.take(2, is_idle=False) == (Supply.NONE, None)
    assert [taken(buffer, n) for n in (3, 102)] == [(Supply.READY, 0), (Supply.READY, 1)]


def test_long_job_planned_behind_one_that_was_cut_off_begins_well_ahead() -> None:
    buffer = cut_off(rest=100)
    next_job = make_job("b", frames=999, position=101)
    buffer.put(spoken(next_job, *range(BOUND_FRAMES - 1)))
    assert buffer.take(1) == (Supply.NONE, None)
    buffer.put(spoken(next_job, BOUND_FRAMES - 1))
    assert taken(buffer, 2) == (Supply.READY, 0)


def test_job_planned_behind_one_that_never_began_does_not_wait_for_its_end() -> None:
    buffer = Buffer(1000)
    buffer.free(100)
    buffer.put(spoken(make_job(frames=1, position=100), 0))
    assert taken(buffer, 1) == (Supply.READY, 0)


def test_job_behind_two_of_which_one_was_cut_off_and_one_never_began_waits_for_neither() -> None:
    buffer = Buffer(1000)
    buffer.put(spoken(make_job("a", frames=3), 0, 1))
    buffer.take(0)
    buffer.free(200)
    buffer.drop("a")
    buffer.put(spoken(make_job("c", frames=1, position=200), 0))
    assert taken(buffer, 9) == (Supply.READY, 0)


def test_job_posted_after_another_was_cut_off_waits_for_its_place() -> None:
    for posted_at, place in ((1, 30), (150, 180)):  # within what was planned for the other, and after it
        buffer = cut_off(rest=100)
        buffer.put(spoken(make_job("b", frames=1, position=place), 0))
        assert buffer.take(posted_at) == (Supply.NONE, None)
        assert taken(buffer, place) == (Supply.READY, 0)


def test_job_for_which_the_timeline_leaps_over_what_was_planned_for_another_waits_for_its_place() -> None:
    buffer = cut_off(rest=100)
    buffer.put(spoken(replace(make_job("b", frames=1, position=430), leap=400), 0))
    assert buffer.take(1) == (Supply.NONE, None)
    assert taken(buffer, 30) == (Supply.READY, 0)


def test_full_at_its_bound() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job(frames=999), *range(BOUND_FRAMES - 1)))
    assert not buffer.is_full()
    buffer.put(spoken(make_job(frames=999), BOUND_FRAMES))
    assert buffer.is_full()


def test_job_that_was_put_back_gives_its_place_to_the_next() -> None:
    buffer = Buffer(100)
    on_air, later, sooner = make_job("a", frames=2), make_job("b", position=2), make_job("c", position=2)
    buffer.put([*spoken(on_air, 0, 1), *spoken(later, 0, 1)])
    buffer.take(0)
    assert buffer.put_back("b")
    buffer.put(spoken(sooner, 0))
    assert taken(buffer, 1) == (Supply.READY, 1)
    _, frame = buffer.take(2)
    assert frame is not None
    assert frame.job is sooner


def test_job_that_has_begun_is_not_put_back() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job("a", frames=3), 0, 1))
    buffer.take(0)
    assert not buffer.put_back("a")
    assert taken(buffer, 1) == (Supply.READY, 1)
    assert not buffer.put_back("a")
    assert taken(buffer, 2) == (Supply.LATE, None)


def test_job_that_goes_on_after_a_restart_is_put_back_only_until_it_does() -> None:
    buffer = Buffer(100)
    buffer.put(spoken(make_job("a", frames=3, aired=1), 1, 2))
    assert buffer.put_back("a")
    buffer.put(spoken(make_job("a", frames=3, aired=1), 1, 2))
    buffer.take(1)
    assert not buffer.put_back("a")
