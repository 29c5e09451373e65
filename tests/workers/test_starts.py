"""A job starts as soon as no chunk of it can come late, and keeps step with the body."""

import math
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatars.pose import Poses
from wire import chunks
from wire.media import FPS
from workers.starts import MARGIN_S, Meeting, actual_end, lead_s, plan


def test_fast_worker_needs_only_its_first_chunk() -> None:
    assert lead_s(1000, [100.0]) == pytest.approx(8 / 100)


def test_slow_worker_must_be_so_far_ahead_that_its_last_chunk_is_in_time() -> None:
    assert lead_s(258, [12.5]) == pytest.approx(258 / 12.5 - 233 / FPS)


def test_two_workers_need_less_lead_than_one() -> None:
    assert lead_s(258, [12.5, 12.5]) < lead_s(258, [12.5])


@given(st.integers(1, 2000), st.lists(st.floats(2, 300), min_size=1, max_size=4))
def test_with_its_lead_no_chunk_comes_after_its_airtime(frames: int, speeds: list[float]) -> None:
    lead = lead_s(frames, speeds)
    total = sum(speeds)
    for chunk in range(chunks.count(frames)):
        span = chunks.span(chunk, frames)
        assert lead + span.start / FPS >= span.stop / total - 1e-6  # no schedule is faster than all at once


def walked(frames: int, speeds: list[float]) -> float:
    """Return the lead by giving out every chunk of the job."""
    free, lead = [0.0] * len(speeds), 0.0
    for chunk in range(chunks.count(frames)):
        span = chunks.span(chunk, frames)
        ends = [begins + len(span) / speed for begins, speed in zip(free, speeds, strict=True)]
        free[ends.index(min(ends))] = min(ends)
        lead = max(lead, min(ends) - span.start / FPS)
    return lead


@given(st.integers(1, 3000), st.lists(st.floats(1, 300), min_size=1, max_size=6), st.floats(2, 120))
def test_lead_is_that_of_all_chunks_however_few_are_looked_at(
    frames: int, speeds: list[float], window_s: float
) -> None:
    assert lead_s(frames, speeds) == pytest.approx(walked(frames, speeds))
    assert lead_s(frames, speeds, window_s) == pytest.approx(min(walked(frames, speeds), window_s / 2))


@pytest.mark.parametrize("speeds", [[2.5] * 64, [104.0], [2.5]])
def test_a_job_of_an_hour_is_planned_by_its_first_chunks(
    speeds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    span = Mock(wraps=chunks.span)
    monkeypatch.setattr(chunks, "span", span)
    lead_s(90_000, speeds, window_s=10.0)
    assert span.call_count < 10


def test_no_job_waits_longer_for_slow_workers_than_its_first_chunk_can_be_handed_out() -> None:
    assert lead_s(250, [10.0]) > 10.0
    assert lead_s(250, [10.0], window_s=10.0) == 5.0
    assert lead_s(250, [100.0], window_s=10.0) == lead_s(250, [100.0])


def test_start_is_planned_after_the_lead_and_its_margin() -> None:
    assert plan(1000, 0.08) == 1000 + math.ceil((0.08 + MARGIN_S) * FPS)


def test_job_follows_the_one_before_it_without_a_gap() -> None:
    assert plan(1000, 0.08, previous_end=1200) == 1200


def test_job_whose_frames_cannot_be_there_in_time_starts_later() -> None:
    assert plan(1000, 4.0, previous_end=1010) > 1100


def test_job_that_aired_late_ends_whole_periods_after_its_plan() -> None:
    assert actual_end(1200, 1200, period=498) == 1200
    assert actual_end(1200, 1203, period=498) == 1200  # a report is some frames old
    assert actual_end(1200, 1690, period=498) == 1698
    assert actual_end(1200, 1100, period=498) == 1200


MEETING = Meeting(Poses(to_talk=(np.arange(20) + 7) % 50, to_idle=(np.arange(50) + 3) % 20), ahead=4, fade=5)
"""An idle clip with a period of 20, and one that speaks with a period of 50."""


def test_job_begins_where_the_clips_meet_as_idle_will_be_by_then() -> None:
    begins = 1000
    idle_place = (begins + 4) % 20
    assert (begins + MEETING.leap(begins)) % 50 == (idle_place + 7) % 50


def test_job_behind_another_begins_where_the_clips_meet_as_idle_will_have_come_back() -> None:
    end, begins = 1000, 1030
    idle_place = (end % 50 + 3 + 30) % 20
    assert (begins + MEETING.leap(begins, end)) % 50 == (idle_place + 7) % 50


def test_job_right_behind_another_stays_on_its_clip_in_phase() -> None:
    assert [MEETING.leap(1000 + since, 1000) for since in range(5)] == [0] * 5
    assert MEETING.leap(1005, 1000) > 0
