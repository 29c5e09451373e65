"""Whether a viewer could see where chunks meet, and whether two workers draw the same.

With random weights this proves the mechanics only: that frames of a job differ by nothing but their chunk.
"""

import hashlib
import subprocess
import sys

import numpy as np
from numpy.typing import NDArray

from bench.chunk.ours import Chunk
from latentsync.lipsync import LipSync

FIRST, CHUNK, CHUNKS = 8, 25, 6


def border_ratios(model: LipSync) -> NDArray[np.float64]:
    """Return, for each border of a long job, its step over the median step inside chunks.

    A step is the mean absolute difference of two frames that follow each other. Clip and sound stand still.
    """
    starts = [0, *range(FIRST, FIRST + CHUNKS * CHUNK, CHUNK)]
    sizes = [FIRST] + [CHUNK] * CHUNKS
    parts = [_still(model, first, frames) for first, frames in zip(starts, sizes, strict=True)]
    frames = np.concatenate(parts).astype(np.int16)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    borders = np.array(starts[1:]) - 1
    inside = np.delete(steps, borders)
    return np.asarray(steps[borders] / np.median(inside))


def _still(model: LipSync, first: int, frames: int) -> NDArray[np.uint8]:
    chunk = Chunk(model, frames, first, steady=True)
    return chunk.render().numpy()


def digest(chunk: Chunk) -> str:
    """Return a hash of the chunk's patches."""
    return hashlib.sha256(chunk.render().numpy().tobytes()).hexdigest()[:16]


def digests_of_processes(processes: int) -> set[str]:
    """Return the digests of the same chunk, rendered by processes of their own."""
    command = [sys.executable, "-m", "bench.chunk", "--digest"]
    return {subprocess.check_output(command, text=True).strip().splitlines()[-1] for _ in range(processes)}
