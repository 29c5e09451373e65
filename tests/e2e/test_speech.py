"""A posted sound is spoken on the stream, whole and in step, and the stream goes on before and after."""

import numpy as np
import pytest

from tests.e2e.show import assert_spoken, show
from tests.meter import Kind
from tests.metering.chirps import speech
from tests.metering.clip import FRAMES as CLIP_FRAMES
from tests.system import System
from wire.media import AIR_RATE_HZ, FPS

TRIES = 12
"""A busy machine misses a planned start, and then often the next ones too."""


def test_speech_comes_out_of_idle_and_goes_back_to_it_with_no_gap(system: System) -> None:
    seen = show(system, [speech(seed=1, seconds=5.02)])
    assert_spoken(seen, 126)
    (job,) = seen.report.jobs
    assert seen.report.worst_gap_pts_s == pytest.approx(1 / FPS, abs=0.0015)
    assert max(abs(seen.report.offset_min_s), abs(seen.report.offset_max_s)) <= 0.02
    assert job.heard.likeness is not None
    assert job.heard.likeness > 0.95
    assert (len(job.fade_in), len(job.fade_out)) == (3, 3)
    assert set(job.attempts.values()) == {frozenset({1})}


def test_speech_starts_on_the_very_frame_that_idle_would_show(system: System) -> None:
    assert any(starts_as_planned(system, seed=10 + i) for i in range(TRIES))


def starts_as_planned(system: System, seed: int) -> bool:
    seen = show(system, [speech(seed, seconds=0.6)])
    assert_spoken(seen, 15)
    return not {Kind.CROSS, Kind.TURN} & seen.report.kinds()


def test_a_job_posted_at_once_follows_without_a_moment_of_idle(system: System) -> None:
    seen = show(system, [speech(seed=2, seconds=3), speech(seed=3, seconds=2)])
    assert_spoken(seen, 75, 50)
    first, second = seen.report.jobs
    assert second.start_s - first.end_s == pytest.approx(1 / FPS, abs=0.0015)
    assert (first.fade_out, second.fade_in) == ((), ())


def test_speech_longer_than_the_clip_there_and_back_is_spoken_to_its_end(system: System) -> None:
    frames = 2 * CLIP_FRAMES + FPS
    assert_spoken(show(system, [speech(seed=4, seconds=frames / FPS)]), frames)


def test_silence_is_spoken_in_silence(system: System) -> None:
    seen = show(system, [np.zeros(AIR_RATE_HZ, np.int16)])
    assert_spoken(seen, 25)
    assert float(np.abs(seen.stream.sound.samples).max()) < 50


def test_a_hundredth_of_a_second_is_one_frame(system: System) -> None:
    assert_spoken(show(system, [speech(seed=5, seconds=0.01)]), 1)
