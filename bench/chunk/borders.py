"""Whether a viewer could see where chunks meet, and whether two workers draw the same.

With random weights this proves the mechanics only: that frames of a job differ by nothing but their chunk.
"""

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor

from bench.chunk.ours import Chunk
from latentsync.lipsync import LipSync

FIRST, CHUNK, BORDERS = 8, 25, 28
OURS = (FIRST, *[CHUNK] * BORDERS)
PUBLISHED = (16,) * (BORDERS + 1)
"""The chunks of a long job: how many frames each has."""


@dataclass(frozen=True, slots=True)
class Steps:
    """How far frames are apart, in grey levels: 95th percentiles of mean absolute differences."""

    border: float
    inside: float

    @property
    def times(self) -> float:
        """How many times as much a border shows; 1 where nothing differs at all."""
        if self.border == self.inside:
            return 1.0
        return self.border / self.inside if self.inside else math.inf


def render(model: LipSync, sizes: Sequence[int], held: bool) -> list[Tensor]:
    """Return the chunks of a long job on a clip and a sound that stand still, `(frames, height, width)` each.

    Even a steady sound moves the model's ear, whose states are not the same at any two moments; `held` gives
    every frame one and the same moment of it, and so the same to draw.
    """
    starts = accumulate(sizes[:-1], initial=0)
    parts = [Chunk(model, frames, first, steady=True) for first, frames in zip(starts, sizes, strict=True)]
    moment = parts[len(parts) // 2].sound[:1]
    for part in parts if held else ():
        part.sound = moment.expand(len(part.clip_frames), -1, -1)
    return [part.render().to(model.device, torch.int16) for part in parts]


def steps(chunks: Sequence[Tensor]) -> Steps:
    """Compare frames that follow each other."""
    return _steps(chunks, [_apart(chunk[:-1], chunk[1:]) for chunk in chunks])


def spread(chunks: Sequence[Tensor]) -> Steps:
    """Compare frames across borders as `steps` does, and inside a chunk any two.

    For chunks whose frames have the same to draw. How each is rounded depends on its place in the chunk, as
    some ways of a convolution do: the places fall into two or three kinds, and most frames equal the next.
    """
    inside = [_apart(chunk[:-apart], chunk[apart:]) for chunk in chunks for apart in range(1, len(chunk))]
    return _steps(chunks, inside)


def _steps(chunks: Sequence[Tensor], inside: Sequence[Tensor]) -> Steps:
    border = [_apart(before[-1:], after[:1]) for before, after in pairwise(chunks)]
    return Steps(*(float(torch.cat(list(part)).quantile(0.95)) for part in (border, inside)))


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).abs().mean(dim=(1, 2), dtype=torch.float32)


def alike(processes: int) -> float:
    """Return the share of a chunk's values that lie within one grey level in renders of two workers.

    They start side by side. The smallest share of all pairs; 2 where every pair is equal to the byte.
    """
    with TemporaryDirectory() as folder:
        files = [Path(folder) / f"{number}.npy" for number in range(processes)]
        save = (sys.executable, "-m", "bench.chunk", "--save")
        workers = [subprocess.Popen([*save, str(file)]) for file in files]
        ended = [worker.wait() for worker in workers]
        if any(ended):
            raise RuntimeError("a worker that was to draw a chunk failed; its own words are above")
        drawn = [np.load(file).astype(np.int16) for file in files]
    pairs = [(one, other) for i, one in enumerate(drawn) for other in drawn[:i]]
    if all(np.array_equal(*pair) for pair in pairs):
        return 2.0
    return min(float((np.abs(one - other) <= 1).mean()) for one, other in pairs)
