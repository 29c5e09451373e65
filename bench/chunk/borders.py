"""Whether a viewer could see where chunks meet, and whether two workers draw the same.

With random weights this proves the mechanics only: that frames of a job differ by nothing but their chunk.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.chunk.ours import Chunk
from latentsync.lipsync import LipSync

FIRST, CHUNK, CHUNKS = 8, 25, 28


@dataclass(frozen=True, slots=True)
class Steps:
    """Mean absolute differences of frames that follow each other, in grey levels: 95th percentiles."""

    border: float
    inside: float


def steps(model: LipSync, held: bool) -> Steps:
    """Return the steps of a long job on a clip and a sound that stand still.

    Even a steady sound moves the model's ear, whose states are not the same at any two moments; `held`
    gives every frame one and the same window of it.
    """
    starts = [0, *range(FIRST, FIRST + CHUNKS * CHUNK, CHUNK)]
    sizes = [FIRST] + [CHUNK] * CHUNKS
    parts = [Chunk(model, frames, first, steady=True) for first, frames in zip(starts, sizes, strict=True)]
    if held:
        for part in parts:
            part.sound = parts[CHUNKS // 2].sound[:1].expand(len(part.clip_frames), -1, -1)
    frames = np.concatenate([part.render().numpy() for part in parts]).astype(np.int16)
    apart = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    at_borders = np.array(starts[1:]) - 1
    borders, inside = apart[at_borders], np.delete(apart, at_borders)
    return Steps(float(np.percentile(borders, 95)), float(np.percentile(inside, 95)))


def alike(processes: int) -> float:
    """Return the share of a chunk's values that lie within one grey level in renders of two workers.

    The smallest share of all pairs; 2 where every pair is equal to the byte.
    """
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.npy" for number in range(processes)]
        for file in files:
            subprocess.run([sys.executable, "-m", "bench.chunk", "--save", str(file)], check=True)
        drawn = [np.load(file).astype(np.int16) for file in files]
    pairs = [(one, other) for i, one in enumerate(drawn) for other in drawn[:i]]
    if all(np.array_equal(*pair) for pair in pairs):
        return 2.0
    return min(float((np.abs(one - other) <= 1).mean()) for one, other in pairs)
