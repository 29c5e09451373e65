"""What a viewer gets: whole frames, and MediaPipe's reading of the mouth in them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from avatars.faces import FaceFinder
from avatars.loop import there_and_back
from avatars.store import Avatar
from tests.workers.engines.viseme.sounds import Sound, speech_of
from wire.batches import Patch
from workers.engines.interface import Order
from workers.engines.viseme import VisemeEngine

Picture = NDArray[np.uint8]

UPPER_LIP, LOWER_LIP, LEFT_CORNER, RIGHT_CORNER = 13, 14, 61, 291


def order(clip_frames: Iterable[int], chunk: int = 0) -> Order:
    return Order("job", chunk, 1, 0, tuple(clip_frames), 1.0, 20, 0)


def speak(avatar: Avatar, sound: Sound, engine: VisemeEngine | None = None) -> list[Patch]:
    """Return the patches of a job spoken from the clip's first frame on, there and back."""
    engine = engine or VisemeEngine()
    features = engine.features(speech_of(sound))
    frames = (there_and_back(i, avatar.frames) for i in range(len(features.opening)))
    return list(engine.render(avatar, features, order(frames)))


def planes(picture: Picture) -> tuple[Picture, Picture, Picture]:
    """Return views of Y, U and V of an I420 picture."""
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    y, chroma = picture[:height], picture[height:].reshape(2, height // 2, width // 2)
    return y, chroma[0], chroma[1]


def laid(clip: Picture, patch: Patch) -> Picture:
    """Return the clip's picture with the patch over it."""
    out = np.array(clip)
    if patch.picture.size:
        for step, old, new in zip((1, 2, 2), planes(out), planes(patch.picture), strict=True):
            y, x = patch.y // step, patch.x // step
            old[y : y + new.shape[0], x : x + new.shape[1]] = new
    return out


def shown(avatar: Avatar, patches: list[Patch]) -> list[Picture]:
    return [laid(avatar.pictures[there_and_back(i, avatar.frames)], patch) for i, patch in enumerate(patches)]


def lip_gaps(pictures: list[Picture]) -> NDArray[np.float64]:
    """Return how far MediaPipe sees the lips apart in each picture, as part of the mouth's width."""
    gaps = []
    with FaceFinder() as finder:
        for picture in pictures:
            points = finder.find(picture)
            assert points is not None, "no face is found"
            gap, width = points[LOWER_LIP] - points[UPPER_LIP], points[RIGHT_CORNER] - points[LEFT_CORNER]
            gaps.append(np.hypot(*gap) / np.hypot(*width))
    return np.array(gaps)
