"""A chunk's sound laid ready, where a test needs no more than that it is there."""

import numpy as np
from numpy.typing import NDArray
from redis import Redis

from wire import sounds
from wire.media import MODEL_SAMPLES_PER_FRAME
from wire.sounds import Slices

SHORT = np.zeros(9, np.int16)


def lay_sound(
    frames: Redis, job_id: str, chunk: int, air: NDArray[np.int16] = SHORT, hears: range = range(1)
) -> None:
    """Lay `air` ready, and silence for those frames of the job that are heard with it."""
    silence = np.zeros(sounds.PIECE_FRAMES * MODEL_SAMPLES_PER_FRAME, np.int16)
    pieces = dict.fromkeys(sounds.pieces_of(hears), silence)
    assert sounds.put(frames, [Slices(job_id, chunk, air, hears, 0, frozenset(), pieces)]) == 1
