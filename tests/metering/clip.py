"""The test clip as a prepared avatar, written without looking for a face: it has none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatars import store
from avatars.draft import Draft
from avatars.store import Manifest, avatar_hash
from tests.metering.marks import HEIGHT, PATCH_CODE, PATCH_X, PATCH_Y, WIDTH, clip_picture

FRAMES = 250
"""Ten seconds."""
BOX = (PATCH_X, PATCH_Y, PATCH_CODE.width, PATCH_CODE.height)


FIELD = (slice(16, 80), slice(464, 624))
"""Where another clip than the usual differs from it: top right, clear of label, patch and code."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another clip than the usual, for channels that have two.

    `luma` is that of its field, `head` tells how far right its head is in each frame, in pixels.
    """

    luma: int
    head: Callable[[int], float]

    def draw(self, frame: int) -> NDArray[np.uint8]:
        picture = clip_picture(frame)
        picture[FIELD] = self.luma
        return picture

    def landmarks(self) -> NDArray[np.float32]:
        face = np.random.default_rng(1).uniform(0, 100, (1, store.LANDMARKS_A_FACE, 2)).repeat(FRAMES, 0)
        face[..., 0] += np.array([self.head(frame) for frame in range(FRAMES)])[:, None]
        return np.asarray(face, np.float32)


def lay_ready(file: Path, avatars_folder: Path, max_side_px: int, variant: Variant | None = None) -> None:
    """Write a clip to `file`, in name only, and what preparing it would give to `avatars_folder`."""
    field = f" Its field is {variant.luma}." if variant else ""
    file.write_text(f"The test clip is drawn by tests/metering/clip.py.{field}")
    draw = variant.draw if variant else clip_picture
    still = np.zeros((FRAMES, store.LANDMARKS_A_FACE, 2), np.float32)
    with Draft(avatars_folder, avatar_hash(file, max_side_px)) as draft:
        with (draft.path / store.PICTURES).open("wb") as pictures:
            for frame in range(FRAMES):
                pictures.write(draw(frame).tobytes())
        np.save(draft.path / store.LANDMARKS, variant.landmarks() if variant else still)
        np.save(draft.path / store.MATRICES, np.tile(np.eye(2, 3, dtype=np.float32), (FRAMES, 1, 1)))
        np.save(draft.path / store.BOXES, np.tile(np.array(BOX, np.int32), (FRAMES, 1)))
        np.save(draft.path / store.MASKS, np.full((FRAMES, BOX[3], BOX[2]), 255, np.uint8))
        draft.publish(Manifest(file.name, store.PREPARATION, WIDTH, HEIGHT, FRAMES, BOX[2], BOX[3]))
