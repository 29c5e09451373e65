"""`python -m bench.chunk`: prints the tables, and exits with 1 where a goal is missed."""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from bench.chunk import borders
from bench.chunk.borders import CHUNK, FIRST, Steps
from bench.chunk.ours import Chunk, Stages, count_flops
from bench.chunk.published import PlainTorch, Published
from bench.chunk.scene import make_model
from bench.chunk.timing import Timed, matrix_rate, timed
from latentsync.lipsync import LipSync

GOAL_MS, FIRST_GOAL_MS, GUIDED_GOAL, MEMORY_GOAL_GB, BORDER_GOAL, ALIKE_GOAL = 300, 200, 2.0, 6.5, 1.2, 0.999
SLOW_TIMES = 3


def main() -> int:
    """Measure and print; return 0 if every goal is met."""
    parser = argparse.ArgumentParser(prog="python -m bench.chunk", description="A chunk's cost on a GPU.")
    parser.add_argument("--save", type=Path, help="render one chunk into a file of numpy's, and no more")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("There is no CUDA device here, and this measures nothing else.")
    model = make_model()
    if asked.save:
        model.capture((FIRST, CHUNK))
        np.save(asked.save, Chunk(model, CHUNK).render().numpy())
        return 0
    return 0 if _measure(model) else 1


def _measure(model: LipSync) -> bool:
    rate = matrix_rate()
    eager = model.unet
    began = time.monotonic()
    model.capture((FIRST, CHUNK))
    _print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {rate:.0f} TFLOP/s in matrix products"
    )
    _print(f"steps captured in {time.monotonic() - began:.1f} s")
    stages = {frames: Chunk(model, frames).stages() for frames in (CHUNK, FIRST)}
    chunk = Chunk(model, CHUNK)
    guided = timed(lambda: chunk.render(1.5))
    memory_gb = torch.cuda.memory_reserved() / 1e9
    captured, model.unet = model.unet, eager  # what follows would choose other ways of convolutions, if first
    floors = {frames: 1000 * count_flops(model, frames) / rate for frames in stages}
    _print_table(stages, floors, _published(model))
    model.unet = captured
    return _verdicts(stages, guided, memory_gb, _print_borders(model))


def _published(model: LipSync) -> dict[int, Timed]:
    with PlainTorch():
        sides = {frames: Published(Chunk(model, frames)) for frames in (CHUNK, FIRST)}
        return {frames: timed(side.render, SLOW_TIMES, 1) for frames, side in sides.items()}


def _print_table(stages: dict[int, Stages], floors: dict[int, float], published: dict[int, Timed]) -> None:
    sizes = list(stages)
    _print(f"\n{'milliseconds, median (least to most)':38}" + "".join(f"{f'{n} frames':>28}" for n in sizes))
    for name in ("hear", "look", "draw", "decode", "lay", "bring", "whole"):
        _print(f"{name:38}" + "".join(f"{getattr(stages[n], name)!s:>28}" for n in sizes))
    _print(f"{'published order':38}" + "".join(f"{published[n]!s:>28}" for n in sizes))
    _print(f"{'floor: counted work over the rate':38}" + "".join(f"{floors[n]:>28.1f}" for n in sizes))
    faster = [published[n].median / stages[n].whole.median for n in sizes]
    above = [stages[n].whole.median / floors[n] for n in sizes]
    _print(f"{'published over ours, ours over floor':38}"
           + "".join(f"{f'{a:.1f}, {b:.2f}':>28}" for a, b in zip(faster, above, strict=True)))  # fmt: skip


def _print_borders(model: LipSync) -> Steps:
    """Return what is judged: with random weights, a steady sound is not steady to the model."""
    ours = borders.render(model, borders.OURS, held=False)
    published = borders.render(model, borders.PUBLISHED, held=False)
    still = borders.render(model, borders.OURS, held=True)
    rows = {
        "a steady tone": borders.steps(ours),
        "the same in the published chunks of 16": borders.steps(published),
        "one moment of it, held": borders.steps(still),
        "the same, inside to any other frame": borders.spread(still),
    }
    _print(f"\n{f'{borders.BORDERS} borders: grey levels, p95':38}{'across':>10}{'inside':>10}{'times':>10}")
    for name, one in rows.items():
        _print(f"{name:38}{one.border:>10.4f}{one.inside:>10.4f}{one.times:>10.2f}")
    return rows["the same, inside to any other frame"]


def _verdicts(stages: dict[int, Stages], guided: Timed, memory_gb: float, held: Steps) -> bool:
    whole, first, same = stages[CHUNK].whole.median, stages[FIRST].whole.median, borders.alike(3)
    results = {
        f"{CHUNK} frames in {whole:.0f} ms: at most {GOAL_MS}": whole <= GOAL_MS,
        f"first {FIRST} in {first:.0f} ms: at most {FIRST_GOAL_MS}": first <= FIRST_GOAL_MS,
        f"guidance 1.5 takes {guided.median / whole:.2f} times: under {GUIDED_GOAL}":
            guided.median / whole < GUIDED_GOAL,
        f"memory at its peak {memory_gb:.1f} GB: under {MEMORY_GOAL_GB}": memory_gb < MEMORY_GOAL_GB,
        f"a border shows {held.times:.2f} times what is inside, one moment held: at most {BORDER_GOAL}":
            held.times <= BORDER_GOAL,
        "three workers drew the same to the byte" if same > 1 else
        f"{same:.3%} of three workers' values within a level: at least {ALIKE_GOAL:.1%}": same >= ALIKE_GOAL,
    }  # fmt: skip
    _print(f"\nlive channels that the card has time for: {1000 * CHUNK / 25 / whole:.1f}")
    for text, met in results.items():
        _print(f"{'met   ' if met else 'MISSED'} {text}")
    return all(results.values())


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
