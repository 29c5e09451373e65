"""A picture that is drawn on without being copied whole."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streamer.canvas import Canvas
from streamer.mixing import planes

HEIGHT, WIDTH = 12, 8

drawings = st.tuples(st.integers(0, 2), st.integers(0, 11), st.integers(1, 12), st.integers(1, 255))


def clip() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    picture = np.arange(HEIGHT * 3 // 2 * WIDTH, dtype=np.uint8).reshape(-1, WIDTH)
    picture.flags.writeable = False
    return picture


@given(st.lists(drawings, max_size=6))
def test_rows_drawn_on_in_any_order_are_as_if_drawn_on_a_copy(drawn: list[tuple[int, int, int, int]]) -> None:
    canvas, copied = Canvas(clip()), clip().copy()
    for plane, place, rows, value in drawn:
        whole = planes(copied)[plane]
        top = place % len(whole)
        bottom = min(top + rows, len(whole))
        whole[top:bottom, 1:3] += value
        canvas.rows(plane, top, bottom)[:, 1:3] += value
    np.testing.assert_array_equal(canvas.whole(), copied)


def test_rows_that_are_not_drawn_on_are_not_copied() -> None:
    picture = clip()
    canvas = Canvas(picture)
    canvas.rows(0, 2, 4)[:] = 7
    canvas.rows(2, 0, 1)[:] = 7
    own = [len(piece) for piece in canvas.pieces() if not np.shares_memory(piece, picture)]
    assert own == [2 * WIDTH, WIDTH // 2]
