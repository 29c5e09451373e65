"""The label on every frame."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.canvas import Canvas
from streamer.label import FontError, Label
from streamer.mixing import planes

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
GREY = 120


def labelled(corner: str = "top-left", text: str = "AI-generated", luma: int = GREY) -> NDArray[np.uint8]:
    """Return a plain 720p picture with a label."""
    picture = np.full((1080, 1280), 128, np.uint8)
    picture[:720] = luma
    return drawn(Label(text, corner, None, 1280, 720), picture)


def drawn(label: Label, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    canvas = Canvas(picture)
    label.lay(canvas)
    return canvas.whole()


def bounds(picture: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is not plain."""
    rows, columns = np.nonzero(planes(picture)[0] != GREY)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def sent(picture: NDArray[np.uint8], kbps: int) -> NDArray[np.uint8]:
    """Return the luma of the picture after a second of x264 as the stream is encoded."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 1280, 720, "yuv420p"
    encoder.bit_rate = kbps * 1000
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"preset": "veryfast", "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    shown = []
    for packet in [
        p for _ in range(25) for p in encoder.encode(av.VideoFrame.from_ndarray(picture, "yuv420p"))
    ]:
        shown += decoder.decode(packet)
    return np.asarray(shown[-1].to_ndarray()[:720], np.uint8)


@pytest.mark.parametrize("corner", CORNERS)
def test_label_stands_in_its_corner_and_is_large_enough_to_read(corner: str) -> None:
    left, top, right, bottom = bounds(labelled(corner))
    assert bottom - top >= 20
    assert right - left >= 120
    margins = {"left": left, "right": 1279 - right, "top": top, "bottom": 719 - bottom}
    for side in corner.split("-"):
        assert 16 <= margins[side] <= 40


@pytest.mark.parametrize("luma", [16, GREY, 235])
def test_letters_stand_out_on_any_ground_after_a_poor_encode(luma: int) -> None:
    sharp = labelled(luma=luma)
    left, top, right, bottom = bounds(labelled())
    area = slice(top, bottom + 1), slice(left, right + 1)
    before, after = planes(sharp)[0][area].astype(float), sent(sharp, 800)[area].astype(float)
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.95
    assert after[before > 225].mean() - after[before < 30].mean() > 150


def test_nothing_outside_the_label_changes() -> None:
    picture = labelled()
    left, top, right, bottom = bounds(picture)
    luma, *chroma = planes(picture)
    luma[top : bottom + 1, left : right + 1] = GREY
    assert (luma == GREY).all()
    assert all((plane == 128).all() for plane in chroma)


def test_label_takes_the_colour_out_from_under_it() -> None:
    picture = np.full((1080, 1280), 200, np.uint8)
    picture = drawn(Label("AI-generated", "top-left", None, 1280, 720), picture)
    _, u, v = planes(picture)
    assert u.min() == v.min() == 128


def test_text_too_long_for_the_picture_is_cut_off_and_not_refused() -> None:
    picture = np.full((54, 64), 128, np.uint8)
    picture = drawn(Label("W" * 40, "bottom-right", None, 64, 36), picture)
    assert (picture != 128).any()


def test_font_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    font = tmp_path / "font.ttf"
    font.write_text("no font")
    with pytest.raises(FontError, match="unknown file format"):
        Label("AI", "top-left", font, 64, 36)


def test_letters_that_the_font_lacks_are_an_error_and_no_empty_boxes() -> None:
    with pytest.raises(FontError, match="has no '成生'"):
        Label("AI 生成", "top-left", None, 64, 36)


def test_upright_picture_has_letters_of_the_same_size() -> None:
    heights = []
    for width, height in ((1280, 720), (720, 1280)):
        picture = np.full((height * 3 // 2, width), GREY, np.uint8)
        picture = drawn(Label("AI", "top-left", None, width, height), picture)
        _, top, _, bottom = bounds(picture)
        heights.append(bottom - top)
    assert heights[0] == heights[1]
