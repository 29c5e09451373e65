"""Where a job's sound is silent for so long that the mouth may rest. Pure."""

import numpy as np
from numpy.typing import NDArray

from wire.media import SAMPLES_PER_FRAME

QUIET = 10 ** (-50 / 20) * 2**15
"""Root mean square below which a frame counts as silent: -50 dB of full scale, the noise of a good room."""
EDGE_FRAMES = 3
"""Frames at both ends of a silence that are rendered: lips close after a sound, and part before one."""


def resting_frames(air: NDArray[np.int16], least_frames: int) -> NDArray[np.bool_]:
    """Return in which frames the mouth may rest, `(frames,)`: in silences of `least_frames` and more.

    Args:
        air: the job's sound, `(frames * 1920,)` at 48 kHz.
        least_frames: length of the shortest silence that counts.
    """
    quiet = _loudness(air) < QUIET
    rests = np.zeros(len(quiet), np.bool_)
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]])))
    for start, stop in bounds.reshape(-1, 2):
        if stop - start >= least_frames:
            rests[start + EDGE_FRAMES : max(start, stop - EDGE_FRAMES)] = True
    return rests


def _loudness(air: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return each frame's root mean square; frame by frame, as an hour of sound is 0.7 GB in floats."""
    frames = air.reshape(-1, SAMPLES_PER_FRAME)
    return np.array([np.sqrt(np.mean(np.square(frame, dtype=np.float32))) for frame in frames], np.float64)
