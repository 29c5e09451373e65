"""Both sides beside each other. Pure."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench.streamer.measuring import Cost

GOAL = 1.15
"""The most that the streamer, its ffmpeg and pushers may cost, over what a bare ffmpeg and feeder cost."""
HEAD = f"{'':8}{'bare: feeder + ffmpeg':>24}{'streamer + children':>24}{'ratio':>8}"


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured in all rounds of one thing that is on air: medians, and the spread of the ratio."""

    name: str
    bare: Cost
    ours: Cost
    ratio: float
    least: float
    most: float


def row(name: str, rounds: Sequence[tuple[Cost, Cost]]) -> Row:
    """Return the row of rounds in each of which the bare side was measured, and then ours."""
    ratios = [ours.whole / bare.whole for bare, ours in rounds]
    bare, ours = (_median([costs[side] for costs in rounds]) for side in (0, 1))
    return Row(name, bare, ours, statistics.median(ratios), min(ratios), max(ratios))


def _median(costs: Sequence[Cost]) -> Cost:
    feeder, children = (statistics.median(getattr(c, part) for c in costs) for part in ("feeder", "children"))
    return Cost(feeder, children)


def line(row: Row) -> str:
    """Return the row as text."""
    sides = [
        f"{side.feeder:8.3f} + {side.children:5.3f} = {side.whole:5.3f}" for side in (row.bare, row.ours)
    ]
    return f"{row.name:8}{''.join(sides)}{row.ratio:8.2f} ({row.least:.2f} to {row.most:.2f})"


def is_met(rows: Sequence[Row]) -> bool:
    """Return whether every row is within the goal."""
    return all(row.ratio <= GOAL for row in rows)
