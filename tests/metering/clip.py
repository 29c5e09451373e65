"""The test clip as a prepared avatar, written without looking for a face: it has none."""

from pathlib import Path

import numpy as np

from avatars import store
from avatars.draft import Draft
from avatars.store import Manifest, avatar_hash
from tests.metering.marks import HEIGHT, PATCH_CODE, PATCH_X, PATCH_Y, WIDTH, clip_picture

FRAMES = 250
"""Ten seconds."""
BOX = (PATCH_X, PATCH_Y, PATCH_CODE.width, PATCH_CODE.height)


def lay_ready(file: Path, avatars_folder: Path, max_side_px: int) -> None:
    """Write a clip to `file`, in name only, and what preparing it would give to `avatars_folder`."""
    file.write_text("The test clip is drawn by tests/metering/clip.py.")
    with Draft(avatars_folder, avatar_hash(file, max_side_px)) as draft:
        with (draft.path / store.PICTURES).open("wb") as pictures:
            for frame in range(FRAMES):
                pictures.write(clip_picture(frame).tobytes())
        np.save(draft.path / store.LANDMARKS, np.zeros((FRAMES, store.LANDMARKS_A_FACE, 2), np.float32))
        np.save(draft.path / store.MATRICES, np.tile(np.eye(2, 3, dtype=np.float32), (FRAMES, 1, 1)))
        np.save(draft.path / store.BOXES, np.tile(np.array(BOX, np.int32), (FRAMES, 1)))
        np.save(draft.path / store.MASKS, np.full((FRAMES, BOX[3], BOX[2]), 255, np.uint8))
        draft.publish(Manifest(file.name, store.PREPARATION, WIDTH, HEIGHT, FRAMES, BOX[2], BOX[3]))
