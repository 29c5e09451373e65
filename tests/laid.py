"""A chunk's sound laid ready, where a test needs no more than that it is there."""

import numpy as np
from numpy.typing import NDArray
from redis import Redis

from wire import keys, sounds, supply
from wire.media import MODEL_SAMPLES_PER_FRAME
from wire.sounds import Slices

SHORT = np.zeros(9, np.int16)


def lay_sound(
    frames: Redis, job_id: str, chunk: int, air: NDArray[np.int16] = SHORT, hears: range = range(1)
) -> None:
    """Lay `air` ready, and silence for those frames of the job that are heard with it.

    A job without a fence gets one.
    """
    if not frames.exists(keys.fence(job_id)):
        supply.raise_fence(frames, job_id, 0, 0)
    silence = np.zeros(sounds.PIECE_FRAMES * MODEL_SAMPLES_PER_FRAME, np.int16)
    pieces = dict.fromkeys(sounds.pieces_of(hears), silence)
    assert sounds.lay(frames, Slices(job_id, chunk, air, hears, 0, frozenset(), pieces))
