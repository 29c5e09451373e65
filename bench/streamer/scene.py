"""What is on air while it is measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from avatars import store
from avatars.draft import Draft
from avatars.loop import period, there_and_back
from avatars.store import LANDMARKS_A_FACE, Avatar, Manifest, avatar_hash, open_avatar
from settings import Settings
from streamer.canvas import Canvas
from streamer.label import Label
from streamer.mixing import FULL, lay
from wire.batches import Patch
from wire.media import SAMPLES_PER_FRAME

CLIP_FRAMES = 25

Picture = NDArray[np.uint8]
Sound = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Scene:
    """The clip, a patch for each position of its period, and the sound of each."""

    clip: list[Picture]
    patches: list[Patch]
    sounds: list[Sound]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its pictures."""
        rows, width = self.clip[0].shape
        return width, rows * 2 // 3

    def pictures(self, speaks: bool) -> list[Picture]:
        """Return what the streamer sends in one period."""
        values = Settings()
        label = Label(values.label_text, values.label_corner, None, *self.size)
        sent = []
        for position, patch in enumerate(self.patches):
            canvas = Canvas(self.clip[there_and_back(position, len(self.clip))])
            lay(canvas, patch, FULL if speaks else 0)
            label.lay(canvas)
            sent.append(canvas.whole())
        return sent


def make_scene(width: int, height: int) -> Scene:
    """Return a soft picture with grain that sways, and a quarter of its height that changes each frame."""
    random = np.random.default_rng(1)
    wide = cv2.GaussianBlur(random.normal(0, 900, (height, width + 64)).astype(np.float32), (0, 0), 24)
    grain = random.normal(0, 1, (height, width)).astype(np.float32)
    clip = []
    for frame in range(CLIP_FRAMES):
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = np.clip(126 + wide[:, frame : frame + width] + grain, 16, 235)
        clip.append(picture)
    side = height // 4 & ~1
    patches = [_patch(random, clip, position, side) for position in range(period(CLIP_FRAMES))]
    noise = random.normal(0, 3000, (len(patches), SAMPLES_PER_FRAME))
    return Scene(clip, patches, [cv2.blur(row[None], (9, 1))[0].astype(np.int16) for row in noise])


def _patch(random: np.random.Generator, clip: Sequence[Picture], position: int, side: int) -> Patch:
    height, width = clip[0].shape[0] * 2 // 3, clip[0].shape[1]
    x, y = (width - side) // 2 & ~1, height // 2 & ~1
    body = clip[there_and_back(position, len(clip))]
    change = cv2.GaussianBlur(random.normal(0, 300, (side, side)).astype(np.float32), (0, 0), 8)
    picture = np.full((side * 3 // 2, side), 128, np.uint8)
    picture[:side] = np.clip(body[y : y + side, x : x + side] + change, 16, 235)
    return Patch(x, y, picture)


def lay_ready(scene: Scene, clip: Path, folder: Path) -> Avatar:
    """Write the scene's clip as a prepared avatar."""
    clip.write_text(f"drawn by bench/streamer/scene.py, {scene.size}")
    frames = len(scene.clip)
    name = avatar_hash(clip, Settings().avatar_max_side_px)
    with Draft(folder, name) as draft:
        (draft.path / store.PICTURES).write_bytes(b"".join(picture.tobytes() for picture in scene.clip))
        np.save(draft.path / store.LANDMARKS, np.zeros((frames, LANDMARKS_A_FACE, 2), np.float32))
        np.save(draft.path / store.MATRICES, np.zeros((frames, 2, 3), np.float32))
        np.save(draft.path / store.BOXES, np.zeros((frames, 4), np.int32))
        np.save(draft.path / store.MASKS, np.zeros((frames, 2, 2), np.uint8))
        draft.publish(Manifest(clip.name, store.PREPARATION, *scene.size, frames, 2, 2))
    return open_avatar(folder, name)
