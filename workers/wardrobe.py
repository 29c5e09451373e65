"""The prepared avatars that this worker has open, and a rehearsal on one of them."""

import logging
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar, open_avatar
from wire.media import CHUNK_FRAMES, FPS, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Engine, LostDeviceError, Order, Speech

log = logging.getLogger(__name__)

KEPT = 8
"""Avatars kept open; maps cost no memory of their own, but engines keep things for each."""


class Wardrobe:
    """Opens avatars by hash, and keeps those used last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[str, Avatar] = OrderedDict()

    def fetch(self, avatar_hash: str) -> Avatar:
        """Return the avatar.

        Raises:
            AvatarError: it is not in the folder, or damaged.
        """
        if avatar_hash not in self._open:
            self._open[avatar_hash] = open_avatar(self._folder, avatar_hash)
        self._open.move_to_end(avatar_hash)
        while len(self._open) > KEPT:
            self._open.popitem(last=False)
        return self._open[avatar_hash]

    def rehearse(self, engine: Engine) -> float:
        """Return how many frames a second `engine` renders on the first avatar that it can; 25 without.

        Raises:
            LostDeviceError: the engine can render nothing any more.
        """
        paths = sorted(self._folder.glob("*/avatar.json"))
        for path in paths:
            try:
                return _measure(engine, self.fetch(path.parent.name))
            except LostDeviceError:
                raise
            except Exception:  # whatever an engine raises on one avatar, it may serve the others
                log.exception("no rehearsal on avatar %s; the next is tried", path.parent.name)
        if paths:
            log.error(
                "%s rendered none of %d avatars: %d frames a second are assumed", engine.name, len(paths), FPS
            )
        return float(FPS)


def _measure(engine: Engine, avatar: Avatar) -> float:
    _perform(engine, avatar)  # the first time engines make what they keep of an avatar
    began = time.monotonic()
    _perform(engine, avatar)
    return CHUNK_FRAMES / (time.monotonic() - began)


def _perform(engine: Engine, avatar: Avatar) -> None:
    clip_frames = tuple(i % avatar.frames for i in range(CHUNK_FRAMES))
    features = engine.features(Speech.alone(_made_up_speech(), CHUNK_FRAMES, 0.0))
    for _ in engine.render(avatar, features, Order("rehearsal", 0, 0, 0, clip_frames, 1.0, 20, 0)):
        pass


def _made_up_speech() -> NDArray[np.int16]:
    """Return a second of a buzzing tone: any sound with a pitch and some energy will do."""
    t = np.arange(CHUNK_FRAMES * MODEL_SAMPLES_PER_FRAME)
    buzz: NDArray[np.int16] = (8000 * np.sign(np.sin(t * (2 * np.pi * 120 / 16000)))).astype(np.int16)
    return buzz
