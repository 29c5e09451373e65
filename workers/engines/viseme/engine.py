"""The viseme engine, behind the engines' interface."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from avatars.store import Avatar
from wire.batches import Patch
from wire.media import FPS, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Order, Speech
from workers.engines.viseme.face import Face, faces_of
from workers.engines.viseme.lips import shape_lips
from workers.engines.viseme.model import Model, model_of
from workers.engines.viseme.mouth import QUIETEST, Mouth, hear
from workers.engines.viseme.picture import render
from workers.engines.viseme.scene import Scene, scene_of

AVATARS_KEPT = 4  # their faces take 6 MB for each minute of clip
SCENES_BYTES = 48 * 2**20  # kept of each avatar: ten seconds of a face 250 pixels wide


@dataclass(frozen=True, slots=True)
class _Person:
    """What is worked out once for an avatar, and, while there is room, once for each of its frames."""

    faces: tuple[Face, ...]
    model: Model
    scene: Callable[[int], Scene]


class VisemeEngine:
    """Moves the avatar's own lips and jaw by the sound's formants and energy, on one CPU core.

    It keeps nothing from one chunk to the next but what follows from the avatar alone, so that a chunk's
    pixels do not depend on which worker renders it, nor on what it rendered before.
    """

    name = "viseme"
    weights = ""
    device = "cpu"

    def __init__(self) -> None:
        self._people: OrderedDict[str, _Person] = OrderedDict()

    def warm_up(self) -> None:
        """Build the filter bank, and keep OpenCV to one core: the pictures are too small to share out."""
        cv2.setNumThreads(1)
        self.features(Speech.alone(np.zeros(FPS * MODEL_SAMPLES_PER_FRAME, np.int16), FPS, QUIETEST))

    def features(self, speech: Speech) -> Mouth:
        """Return the mouth in each frame of the chunk.

        Raises:
            RuntimeError: there is less sound than the chunk's frames need.
        """
        try:
            return hear(speech)
        except ValueError as error:
            raise RuntimeError(f"The chunk's sound cannot be used: {error}.") from error

    def render(self, avatar: Avatar, features: Mouth, order: Order) -> Iterator[Patch]:
        """Yield one patch for each of `order.clip_frames`, in order.

        Raises:
            RuntimeError: the order does not fit its sound or the avatar, or a frame has no mouth to move.
        """
        if len(features.opening) != len(order.clip_frames):
            raise RuntimeError(
                f"Chunk {order.chunk} wants {len(order.clip_frames)} frames, "
                f"but its sound was heard for {len(features.opening)}."
            )
        person = self._person(avatar)
        mouths = zip(features.opening, features.spread, features.rounded, strict=True)
        for frame, mouth in zip(order.clip_frames, mouths, strict=True):
            face = _checked(avatar, frame, person.faces)
            lips = shape_lips(face, *(float(part) for part in mouth))
            yield render(person.scene(frame), lips, person.model)

    def _person(self, avatar: Avatar) -> _Person:
        if avatar.hash not in self._people:
            self._people[avatar.hash] = _meet(avatar)
        self._people.move_to_end(avatar.hash)
        if len(self._people) > AVATARS_KEPT:
            self._people.popitem(last=False)
        return self._people[avatar.hash]


def _meet(avatar: Avatar) -> _Person:
    try:
        faces = faces_of(np.asarray(avatar.landmarks))
        model = model_of(avatar, faces)
    except ValueError as error:
        raise RuntimeError(f"Avatar {avatar.hash} cannot speak: {error}.") from error
    kept = max(1, SCENES_BYTES // model.scene.bytes)
    return _Person(faces, model, lru_cache(kept)(lambda frame: scene_of(avatar, frame, faces[frame])))


def _checked(avatar: Avatar, frame: int, faces: tuple[Face, ...]) -> Face:
    if not 0 <= frame < len(faces):
        raise RuntimeError(f"Avatar {avatar.hash} has {len(faces)} frames, and no frame {frame}.")
    face = faces[frame]
    if not face.fits(avatar.width, avatar.height):
        x, y = face.origin
        raise RuntimeError(
            f"Avatar {avatar.hash}, frame {frame}: the mouth, {2 * face.half:.0f} pixels wide at {x:.0f}, "
            f"{y:.0f}, is too small, or not wholly in the picture."
        )
    return face
