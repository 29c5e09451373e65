"""The label that tells viewers what they see: composed once, laid over every frame."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from streamer.canvas import Canvas
from streamer.mixing import FULL

SIZE_SHARE = 0.04
"""Of the picture's shorter side: letters of 29 px at 720p are readable after x264 at 800 kbit/s."""
MARGIN_SHARE = 1 / 30
"""Of the shorter side."""
OUTLINE_SHARE = 1 / 9
"""Of the letters' size: white on white still stands out."""
WHITE, BLACK, GREY = 235, 16, 128


NO_LETTER = "\uffff"
"""No font has it: drawn, it shows what a font draws for letters it does not have."""


class FontError(ValueError):
    """The label cannot be drawn; the text says why."""


class Label:
    """White letters with a dark outline in a corner of pictures of one size."""

    def __init__(
        self,
        text: str,
        corner: str,
        font: Path | None,
        width: int,
        height: int,
        size_share: float = SIZE_SHARE,
    ) -> None:
        """`corner` is one of `top-left`, `top-right`, `bottom-left`, `bottom-right`; `size_share` the font's
        size as a share of the picture's shorter side.

        Raises:
            FontError: the font cannot be read, or lacks a letter.
        """
        side = min(width, height)
        face = _opened(font, max(12, round(side * size_share)))
        _check(text, face)
        luma, cover = _drawn(text, face)
        luma, cover = luma[:height, :width], cover[:height, :width]
        margin = round(side * MARGIN_SHARE) & ~1
        x = _place(margin, luma.shape[1], width, corner.endswith("right"))
        y = _place(margin, luma.shape[0], height, corner.startswith("bottom"))
        self._layers = [
            _Layer(y, x, luma, cover),
            *(_Layer(y // 2, x // 2, np.full_like(_halved(cover), GREY), _halved(cover)) for _ in "UV"),
        ]

    def lay(self, canvas: Canvas) -> None:
        """Draw the label on a picture of that size."""
        for plane, layer in enumerate(self._layers):
            layer.lay(canvas, plane)


class _Layer:
    def __init__(self, top: int, left: int, value: NDArray[np.uint8], cover: NDArray[np.uint16]) -> None:
        self._top, self._bottom = top, top + value.shape[0]
        self._columns = slice(left, left + value.shape[1])
        self._shine = (FULL - cover).astype(np.uint16)
        self._added = value * cover

    def lay(self, canvas: Canvas, plane: int) -> None:
        region = canvas.rows(plane, self._top, self._bottom)[:, self._columns]
        region[:] = (region * self._shine + self._added) >> 8


def _opened(font: Path | None, size: int) -> ImageFont.FreeTypeFont:
    try:
        face = ImageFont.truetype(str(font), size) if font else ImageFont.load_default(size)
    except OSError as error:
        raise FontError(f"{font} is no font: {error}") from error
    assert isinstance(face, ImageFont.FreeTypeFont), "Pillow was built without FreeType"
    return face


def _check(text: str, face: ImageFont.FreeTypeFont) -> None:
    nothing = bytes(face.getmask(NO_LETTER))
    lacking = "".join(
        sorted({letter for letter in text if letter != " " and bytes(face.getmask(letter)) == nothing})
    )
    if lacking:
        raise FontError(f"the font {face.getname()[0]} has no {lacking!r}")


def _drawn(text: str, face: ImageFont.FreeTypeFont) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return brightness and cover (0 to 256) of the text, sides even."""
    outline = max(1, round(face.size * OUTLINE_SHARE))
    left, top, right, bottom = face.getbbox(text, stroke_width=outline)
    canvas = (round(right - left) + 2 & ~1, round(bottom - top) + 2 & ~1)
    layers = []
    for stroke in (0, outline):
        layer = Image.new("L", canvas)
        ImageDraw.Draw(layer).text((-left, -top), text, fill=255, font=face, stroke_width=stroke)
        layers.append(np.asarray(layer).astype(np.uint16))
    letters, cover = layers
    luma = (BLACK + letters * (WHITE - BLACK) // 255).astype(np.uint8)
    return luma, ((cover.astype(np.uint32) * FULL + 127) // 255).astype(np.uint16)


def _place(margin: int, size: int, in_size: int, at_end: bool) -> int:
    return max(0, min(in_size - size - margin if at_end else margin, in_size - size))


def _halved(cover: NDArray[np.uint16]) -> NDArray[np.uint16]:
    rows, columns = cover.shape
    quarters = cover.reshape(rows // 2, 2, columns // 2, 2)
    return np.asarray(quarters.sum((1, 3)) // 4, np.uint16)
