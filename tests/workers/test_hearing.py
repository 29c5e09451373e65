"""What comes with a chunk is what its engine hears: around the chunk, or in Whisper's windows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentsync.mel import frames_of
from latentsync.spans import cut_spans, heard, needed, positions_of, rows_of
from wire import chunks
from wire.media import FPS, MODEL_SAMPLES_PER_FRAME
from workers.hearing import stretch

TWO_WINDOWS = (20 + 30) * FPS + 2
"""Frames that two windows reach over, with what their edges hear beside them."""


@pytest.mark.parametrize("engine", ["viseme", "package.module:Class"])
@pytest.mark.parametrize(
    ("span", "near"), [(range(8), range(18)), (range(33, 58), range(23, 60)), (range(58, 60), range(48, 60))]
)
def test_any_engine_hears_ten_frames_around_its_chunk(engine: str, span: range, near: range) -> None:
    assert stretch(engine, span, job_frames=60) == near


@pytest.mark.parametrize("frames", [1, 60, 750])
def test_latentsync_hears_up_to_30_s_as_a_whole(frames: int) -> None:
    for chunk in range(chunks.count(frames)):
        assert stretch("latentsync", chunks.span(chunk, frames), frames) == range(frames)


def test_of_a_longer_sound_latentsync_hears_the_windows_that_its_chunk_needs() -> None:
    # windows of 30 s begin at 0, 20 and 30 s, and are taken up to 25, 40 and 60 s
    assert stretch("latentsync", range(600, 610), 1500) == range(751)
    assert stretch("latentsync", range(615, 630), 1500) == range(1251)
    assert stretch("latentsync", range(700, 725), 1500) == range(499, 1251)
    assert stretch("latentsync", range(1475, 1500), 1500) == range(749, 1500)


@given(st.integers(1, 90_000), st.data())
def test_what_comes_is_whole_frames_around_all_that_is_heard_and_never_grows(
    frames: int, data: st.DataObject
) -> None:
    span = chunks.span(data.draw(st.integers(0, chunks.count(frames) - 1)), frames)
    came = stretch("latentsync", span, frames)
    assert 0 <= came.start <= span.start < span.stop <= came.stop <= frames
    assert len(came) <= TWO_WINDOWS
    samples = frames * MODEL_SAMPLES_PER_FRAME
    rows = rows_of(span, positions_of(frames_of(samples)))
    for window in needed(cut_spans(frames_of(samples)), int(rows.min()), int(rows.max()) + 1):
        wanted = heard(window, samples)
        assert came.start * MODEL_SAMPLES_PER_FRAME <= wanted.start
        assert wanted.stop <= came.stop * MODEL_SAMPLES_PER_FRAME
