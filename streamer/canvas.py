"""A clip's picture to draw on. Only rows that are drawn on are copied; the rest is sent from where it lies.

Copying whole pictures was most of what a tick cost, and made the tick wait for the disk where the clip was
not in memory; now the thread that feeds the encoder does.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Piece = NDArray[np.uint8]
"""Some of a picture's bytes, `(n,)`."""


class _Band(NamedTuple):
    start: int
    content: Piece

    @property
    def end(self) -> int:
        return self.start + len(self.content)


class Canvas:
    """One I420 picture, `(h * 3 // 2, w)` and contiguous, that is itself left as it is."""

    def __init__(self, picture: Picture) -> None:
        self._shape = rows, width = picture.shape
        self.width, self.height = width, rows * 2 // 3
        luma = self.height * width
        self._flat = picture.reshape(-1)
        self._planes = ((0, width), (luma, width // 2), (luma * 5 // 4, width // 2))
        self._bands: list[_Band] = []

    def rows(self, plane: int, top: int, bottom: int) -> Picture:
        """Return rows of plane 0 (Y), 1 (U) or 2 (V) to draw on now, `(bottom - top, width of the plane)`."""
        offset, width = self._planes[plane]
        start, end = offset + top * width, offset + bottom * width
        band = self._band(start, end)
        return band.content[start - band.start : end - band.start].reshape(-1, width)

    def _band(self, start: int, end: int) -> _Band:
        """Return the copied bytes that hold these; bands that meet become one."""
        meeting = [band for band in self._bands if band.start <= end and start <= band.end]
        low, high = min([start, *(b.start for b in meeting)]), max([end, *(b.end for b in meeting)])
        new = _Band(low, self._flat[low:high].copy())
        for band in meeting:
            new.content[band.start - low : band.end - low] = band.content
        before = [band for band in self._bands if band.end < start]
        after = [band for band in self._bands if band.start > end]
        self._bands = [*before, new, *after]
        return new

    def pieces(self) -> Iterator[Piece]:
        """Yield the picture's bytes, in order."""
        at = 0
        for band in self._bands:
            yield self._flat[at : band.start]
            yield band.content
            at = band.end
        yield self._flat[at:]

    def whole(self) -> Picture:
        """Return the picture in one piece."""
        return np.concatenate(list(self.pieces())).reshape(self._shape)
