"""The label that tells viewers what they see: composed once, laid over every frame."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from streamer.mixing import FULL, Picture, planes

HEIGHT_SHARE = 1 / 26
"""Size of the letters over the picture's height: 28 px at 720p, readable after x264 at 800 kbit/s."""
MARGIN_SHARE = 1 / 30
OUTLINE_SHARE = 1 / 9
"""Of the letters' size: white on white still stands out."""
WHITE, BLACK, GREY = 235, 16, 128


class Label:
    """White letters with a dark outline in a corner of pictures of one size."""

    def __init__(self, text: str, corner: str, font: Path | None, width: int, height: int) -> None:
        """`corner` is one of `top-left`, `top-right`, `bottom-left`, `bottom-right`.

        Raises:
            OSError: the font cannot be read.
        """
        luma, cover = _drawn(text, font, height)
        luma, cover = luma[:height, :width], cover[:height, :width]
        x, y = _place(corner, luma.shape[1], luma.shape[0], width, height)
        self._layers = [
            _Layer(y, x, luma, cover),
            *(_Layer(y // 2, x // 2, np.full_like(_halved(cover), GREY), _halved(cover)) for _ in "UV"),
        ]

    def lay(self, picture: Picture) -> None:
        """Draw the label into an I420 picture `(h * 3 // 2, w)`, in place."""
        for layer, plane in zip(self._layers, planes(picture), strict=True):
            layer.lay(plane)


class _Layer:
    def __init__(self, top: int, left: int, value: NDArray[np.uint8], cover: NDArray[np.uint16]) -> None:
        self._rows = slice(top, top + value.shape[0])
        self._columns = slice(left, left + value.shape[1])
        self._shine = (FULL - cover).astype(np.uint16)
        self._added = value * cover

    def lay(self, plane: NDArray[np.uint8]) -> None:
        region = plane[self._rows, self._columns]
        region[:] = (region * self._shine + self._added) >> 8


def _drawn(text: str, font: Path | None, height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Return brightness and cover (0 to 256) of the text, sides even."""
    size = max(12, round(height * HEIGHT_SHARE))
    face = ImageFont.truetype(str(font), size) if font else ImageFont.load_default(size)
    outline = max(1, round(size * OUTLINE_SHARE))
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


def _place(corner: str, width: int, height: int, in_width: int, in_height: int) -> tuple[int, int]:
    margin = round(in_height * MARGIN_SHARE) & ~1
    x = in_width - width - margin if corner.endswith("right") else margin
    y = in_height - height - margin if corner.startswith("bottom") else margin
    return max(0, min(x, in_width - width)), max(0, min(y, in_height - height))


def _halved(cover: NDArray[np.uint16]) -> NDArray[np.uint16]:
    rows, columns = cover.shape
    quarters = cover.reshape(rows // 2, 2, columns // 2, 2)
    return np.asarray(quarters.sum((1, 3)) // 4, np.uint16)
