"""What fault tests found, as the table of `docs/faults.md`."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wire.media import FPS

HEAD = """\
# What faults cost

Each fault is made by `tests/faults` in a running system, while a player receives its stream; `make faults`
runs them all at length and writes this table. In every run nothing was missing, twice or out of order, and
timestamps had no gap, but for what the second column names.

| fault | what a viewer saw | measure | figure |
|---|---|---|---|
"""
LONG_PAUSE_S = 0.02
"""Timestamps are whole milliseconds, and a frame is 40 of them."""
TIMES = 3
"""What a busy machine is granted of a promised time."""


@dataclass
class Entry:
    """One fault over all its runs. All but `figures` is what viewers saw in each.

    `gaps_s` is how long they had no picture, `missing_frames` how many frames of speech they never got.
    """

    paused_s: list[float] = field(default_factory=list)
    own_mouth_frames: list[int] = field(default_factory=list)
    gaps_s: list[float] = field(default_factory=list)
    missing_frames: list[int] = field(default_factory=list)
    figures: dict[str, list[float]] = field(default_factory=dict)

    def keep(self, what: str, value: float, promised: float) -> None:
        """Note a time in seconds, and check that it is what is promised."""
        self.figures.setdefault(f"{what} (promised: {promised:g})", []).append(value)
        assert value < TIMES * promised, f"{what}: {value:.2f}"

    def seen(self) -> str:
        """Return what viewers saw at worst."""
        told = []
        if gap_s := max(self.gaps_s, default=0.0):
            told.append(f"no picture for up to {gap_s:.2f} s")
        if frames := max(self.missing_frames, default=0):
            told.append(f"{frames / FPS:.2f} s of speech are missing")
        if (paused_s := max(self.paused_s, default=0.0)) > LONG_PAUSE_S:
            told.append(f"speech pauses for up to {paused_s:.2f} s, body and timestamps go on")
        if frames := max(self.own_mouth_frames, default=0):
            told.append(f"the clip's own mouth for {frames / FPS:.2f} s, with the true sound")
        return "; ".join(told) or "nothing"


class Ledger:
    """Collects figures under each fault's name."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    def entry(self, fault: str) -> Entry:
        """Return the fault's entry, to be added to."""
        return self._entries.setdefault(fault, Entry())

    def write(self, path: Path) -> None:
        """Write the table; rows of faults that were not made this time stay as they are."""
        rows = dict(_rows(path.read_text() if path.exists() else ""))
        rows |= {fault: row(fault, entry) for fault, entry in self._entries.items()}
        path.write_text(HEAD + "\n".join(rows.values()) + "\n")


def row(fault: str, entry: Entry) -> str:
    """Return the fault's line of the table."""
    measures = list(entry.figures) or ["missing, twice, out of order"]
    figures = [spread(values) for values in entry.figures.values()] or [f"none in {len(entry.paused_s)} runs"]
    return f"| {fault} | {entry.seen()} | {'; '.join(measures)} | {'; '.join(figures)} |"


def spread(values: Sequence[float]) -> str:
    """Return median and 95th percentile where there are enough values, else all of them."""
    if len(values) < 10:
        return ", ".join(f"{value:.2f}" for value in values)
    median = statistics.median(values)
    return f"median {median:.2f}, p95 {p95(values):.2f}, worst {max(values):.2f} of {len(values)}"


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile of two values or more."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| fault |"):
            yield line.split(" | ")[0].removeprefix("| "), line
