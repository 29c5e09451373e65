"""Packets counted by their timestamps, and what is missing between them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tests.metering.timing import ROUNDING_S

BEFORE_S, AFTER_S = 1.0, 20.0
"""A blow explains what is lost from so long before it was dealt until so long after it was healed: the player
may lie behind, a frozen part is given up after 3 s, and all is back and caught up after some more."""


@dataclass(frozen=True, slots=True)
class Count:
    """One track as it came: `packets` of `step_s` each, with timestamps from `first_s` to `last_s`."""

    step_s: float
    packets: int = 0
    first_s: float = 0.0
    last_s: float = 0.0

    @property
    def span_s(self) -> float:
        """From the first packet's begin to the last one's end."""
        return self.last_s - self.first_s + self.step_s if self.packets else 0.0

    @property
    def missing_s(self) -> float:
        """How much of that no packet was there for; negative where there were too many."""
        return self.span_s - self.packets * self.step_s

    def plus(self, pts_s: float) -> "Count":
        """Return the count with one packet more."""
        return replace(
            self, packets=self.packets + 1, first_s=self.first_s if self.packets else pts_s, last_s=pts_s
        )

    def hole_s(self, pts_s: float) -> float:
        """Return how far behind its place the next packet is; negative if before, 0 if where it should."""
        hole_s = pts_s - self.last_s - self.step_s if self.packets else 0.0
        return hole_s if abs(hole_s) > ROUNDING_S else 0.0


@dataclass(frozen=True, slots=True)
class Loss:
    """So much of something that was missed at a moment of the monotonic clock: frames, seconds."""

    at_s: float
    what: str
    amount: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that was broken, or the host that took time, from when until when by the monotonic clock.

    Only one that `cuts` the stream may cost pictures and their sound, for `after_s` more.
    """

    what: str
    began_s: float
    ended_s: float
    cuts: bool = False
    after_s: float = AFTER_S

    def explains(self, from_s: float, to_s: float) -> bool:
        """Return whether it may be why something was lost between these two moments."""
        return self.began_s - BEFORE_S <= to_s and from_s <= self.ended_s + self.after_s


def unexplained(losses: Iterable[Loss], troubles: Sequence[Trouble]) -> Iterator[Loss]:
    """Yield what was lost for no known reason."""
    for loss in losses:
        if not any(trouble.cuts and trouble.explains(loss.at_s, loss.at_s) for trouble in troubles):
            yield loss


def total(losses: Iterable[Loss], what: str) -> float:
    """Return how much of it was lost in all."""
    return sum(loss.amount for loss in losses if loss.what == what)
