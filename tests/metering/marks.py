"""What the test clip and the made-up engine's patches say, and where in the picture they say it. Pure."""

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.metering import blocks
from tests.metering.blocks import Code

WIDTH, HEIGHT = 640, 360
"""Size of the test clip in pixels."""
GREY = 126
"""Luma under the patch: half way from black to white, so a fade keeps the code's threshold."""

CLIP_CODE = Code({"clip": 9}, columns=21)
CLIP_X, CLIP_Y = 16, HEIGHT - 40
"""Bottom left, clear of the label's usual corner, on whole macroblocks."""
PATCH_CODE = Code({"job": 20, "chunk": 8, "frame": 13, "attempt": 4, "clip": 9}, columns=11)
PATCH_X, PATCH_Y = 240, 128
CLEAR = 0.8
"""A clip's code less clear than this is of two pictures at once; the encoder's noise takes 0.1 at most."""
MARGIN = 16
"""Plain grey around the patch's blocks: a patch wrongly placed by a few pixels is still told."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a patch says: which job (see `job_number`), chunk, frame of the job, attempt, and clip frame."""

    job: int
    chunk: int
    frame: int
    attempt: int
    clip: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What one picture says. `clip` is None if unreadable; `mark` is None if there is no patch, or an
    unreadable one; `level` is the patch's share, 0 to 1; `luma` is the picture's mean.

    A picture that is a mixture of two, in a cross-fade of the body, `is_mixed`, and its `clip` is None.
    """

    clip: int | None
    mark: Mark | None
    level: float
    luma: float
    is_mixed: bool = False

    @property
    def is_readable(self) -> bool:
        has_clip = self.clip is not None or self.is_mixed
        return has_clip and (self.mark is not None) == (self.level >= blocks.MIN_LEVEL)


def job_number(job_id: str) -> int:
    """Return the 20 bits by which a patch tells its job: of 100 jobs two are alike once in 200 times."""
    return zlib.crc32(job_id.encode()) & 0xFFFFF


def clip_picture(frame: int) -> NDArray[np.uint8]:
    """Return the test clip's frame as I420, `(540, 640)` uint8: stripes that move, the code, and grey."""
    picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    luma = picture[:HEIGHT]
    luma[:] = 90 + (np.arange(WIDTH) + 2 * frame) % 128 // 2
    luma[_patch_area(MARGIN)] = GREY
    _put(luma, CLIP_X, CLIP_Y, blocks.draw(CLIP_CODE, clip=frame))
    return picture


def patch_picture(mark: Mark) -> NDArray[np.uint8]:
    """Return the patch as I420, `(144, 176)` uint8; it belongs at `PATCH_X`, `PATCH_Y`."""
    luma = blocks.draw(
        PATCH_CODE, job=mark.job, chunk=mark.chunk, frame=mark.frame, attempt=mark.attempt, clip=mark.clip
    )
    return np.vstack([luma, np.full((luma.shape[0] // 2, luma.shape[1]), 128, np.uint8)])


def look(luma: NDArray[np.uint8]) -> Seen:
    """Read the picture whose luma is `(360, 640)` uint8."""
    area = luma[CLIP_Y : CLIP_Y + CLIP_CODE.height, CLIP_X : CLIP_X + CLIP_CODE.width]
    clip = blocks.read(CLIP_CODE, area)
    patch = blocks.read(PATCH_CODE, luma[_patch_area(0)])
    is_mixed = clip.level >= blocks.MIN_LEVEL and clip.clearness < CLEAR
    return Seen(
        clip=clip.numbers["clip"] if clip.numbers and not is_mixed else None,
        mark=Mark(**patch.numbers) if patch.numbers else None,
        level=patch.level,
        luma=float(luma.mean()),
        is_mixed=is_mixed,
    )


def _patch_area(margin: int) -> tuple[slice, slice]:
    return (
        slice(PATCH_Y - margin, PATCH_Y + PATCH_CODE.height + margin),
        slice(PATCH_X - margin, PATCH_X + PATCH_CODE.width + margin),
    )


def _put(luma: NDArray[np.uint8], x: int, y: int, picture: NDArray[np.uint8]) -> None:
    luma[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
