import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentsync.mel import log_mel
from latentsync.spans import Span, Windows, cut_spans, heard, needed, positions_of, rows_of
from tests.latentsync.test_mel import made_sound

WINDOW = 1500
LENGTHS = st.integers(0, 60_000)  # mel frames: ten minutes
MODES = st.sampled_from(["overlap", "reference"])


def depth(position: int, start: int, positions: int) -> float:
    """How far a position lies from the edges of a window that are not the sound's own; below 0 outside."""
    left = position - start if start > 0 else np.inf
    right = start + WINDOW - 1 - position if start + WINDOW < positions else np.inf
    return float(min(left, right))


@given(LENGTHS, MODES)
def test_every_position_is_taken_once_from_a_window_that_hears_it(frames: int, windows: Windows) -> None:
    spans = cut_spans(frames, windows)
    taken = [position for span in spans for position in range(span.first, span.stop)]
    assert taken == list(range(positions_of(frames)))
    for span in spans:
        assert span.first_frame % 2 == 0
        assert span.first_frame <= 2 * span.first < 2 * span.stop <= span.first_frame + span.frames
        assert 1 <= span.frames <= 3000
        assert span.first_frame + span.frames <= frames


@given(st.integers(2, 3000))
def test_up_to_30_s_both_ways_are_one_window(frames: int) -> None:
    assert cut_spans(frames) == cut_spans(frames, "reference") == (Span(0, frames, 0, frames // 2),)


def test_reference_windows_lie_end_to_end() -> None:
    whole = Span(0, 3000, 0, 1500), Span(3000, 3000, 1500, 3000)
    assert cut_spans(6500, "reference") == (*whole, Span(6000, 500, 3000, 3250))


def test_overlapping_windows_begin_every_20_s_and_the_last_one_ends_with_the_sound() -> None:
    assert [span.first_frame for span in cut_spans(9500)] == [0, 2000, 4000, 6000, 6500]
    assert [span.first for span in cut_spans(9500)] == [0, 1250, 2250, 3250, 3875]
    assert all(span.frames == 3000 for span in cut_spans(9500))


@given(st.integers(3001, 30_000))
def test_overlapping_takes_each_position_where_it_lies_deepest(frames: int) -> None:
    spans, positions = cut_spans(frames), positions_of(frames)
    starts = [span.first_frame // 2 for span in spans]
    for span, start in zip(spans, starts, strict=True):
        for position in {span.first, (span.first + span.stop) // 2, span.stop - 1}:
            deepest = max(depth(position, other, positions) for other in starts)
            assert depth(position, start, positions) >= deepest - 1  # the middle of an overlap is in both
            assert deepest >= 249


def test_a_part_needs_the_windows_that_its_positions_are_taken_from() -> None:
    spans = cut_spans(9500)
    assert needed(spans, 1249, 1250) == spans[:1]
    assert needed(spans, 1249, 1251) == spans[:2]
    assert needed(spans, 1250, 2250) == spans[1:2]
    assert needed(spans, 4749, 4750) == spans[-1:]


@pytest.mark.parametrize("windows", ["overlap", "reference"])
@pytest.mark.parametrize("samples", [100_000, 480_000, 480_479, 800_000, 1_040_160, 1_040_319])
def test_a_window_hears_nothing_outside_its_stretch(samples: int, windows: Windows) -> None:
    sound = np.tile(made_sound(3.3), samples // 52_800 + 1)[:samples]
    for span in cut_spans(samples // 160, windows):
        stretch = sound[heard(span, samples)]
        assert len(stretch) <= (3000 + 4) * 160
        alone = log_mel(stretch, 1.0, span.lead, span.frames)
        assert np.array_equal(alone, log_mel(sound, 1.0, span.first_frame, span.frames))


def test_a_frame_hears_from_80_ms_before_to_120_ms_after() -> None:
    # as the published code takes them
    rows = rows_of(range(41), 165)
    assert rows[0].tolist() == [0, 0, 0, 0, 0, 1, 2, 3, 4, 5]
    assert rows[1].tolist() == [0, 0, 0, 1, 2, 3, 4, 5, 6, 7]
    assert rows[5].tolist() == [6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    assert rows[40].tolist() == [76, 77, 78, 79, 80, 81, 82, 83, 84, 85]


def test_a_chunks_frames_hear_what_they_hear_in_the_whole() -> None:
    assert np.array_equal(rows_of(range(30, 55), 165), rows_of(range(100), 165)[30:55])


def test_frames_past_the_sounds_end_repeat_its_last_position() -> None:
    assert rows_of(range(90, 91), 165).tolist() == [[164] * 10]


def test_another_frame_rate_takes_the_position_at_the_frames_start() -> None:
    assert rows_of(range(31), 1000, 30.0)[:, 4].tolist() == [i * 5 // 3 for i in range(31)]
    assert rows_of(range(2), 1000, 29.97)[1, 4] == 1


@pytest.mark.parametrize(("positions", "fps"), [(0, 25.0), (10, 0.0), (10, -1.0), (10, float("nan"))])
def test_no_positions_or_no_rate_is_an_error(positions: int, fps: float) -> None:
    with pytest.raises(ValueError, match=f"windows asked of {positions} positions at {fps} frames a second"):
        rows_of(range(1), positions, fps)


def test_windows_are_one_of_two_ways() -> None:
    with pytest.raises(ValueError, match="'overlap' or 'reference', not 'none'"):
        cut_spans(10, "none")  # type: ignore[arg-type]
