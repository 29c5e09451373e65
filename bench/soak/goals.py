"""What a soak found, held against its goals. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.soak.counting import Count, Loss, Trouble, total, unexplained
from bench.soak.jobs import Verdict
from bench.soak.lives import GROWTH, Life
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

FRAME_S = 1 / FPS
BEHIND_S = 1.0
"""What may wait on its way to the player, where the machine is busy."""
COUNTED = ("frames_dropped", "ticks_skipped")
"""Counters of the streamer that tell of frames which were not sent."""
TAKEN = 0.05
"""In a run with more of it there is too little that is not excused."""
WATCHED = "output_"
"""How the names of the counters begin by which it tells that its output is black, frozen or silent."""


@dataclass(frozen=True, slots=True)
class Found:
    """All that was seen; `behind_s` is how much later the last pictures came, by their timestamps, than the
    first did, `still_s` the longest that the machine let the soak itself stand still. In `troubles` parts
    were broken on purpose, in those of `stolen` the machine's host took its processors."""

    pictures: Count
    sound: Count
    behind_s: float
    losses: Sequence[Loss]
    troubles: Sequence[Trouble]
    counters: Mapping[str, int]
    posted: int
    ends: Mapping[str, int]
    refused: Mapping[str, int]
    verdicts: Sequence[Verdict]
    lives: Sequence[Life]
    died: Sequence[str]
    still_s: float = 0.0
    stolen: Sequence[Trouble] = ()

    @property
    def ticks(self) -> int:
        """How many ticks the streamer's timestamps tell of, from the first that came to the last."""
        return round(self.pictures.span_s * FPS)

    @property
    def samples_short(self) -> float:
        """How many samples too few came for their own timestamps; negative where too many."""
        return self.sound.missing_s * AIR_RATE_HZ

    @property
    def unexplained(self) -> list[Loss]:
        """What was lost near no trouble."""
        return list(unexplained(self.losses, self._all_troubles))

    @property
    def unshaken(self) -> list[Verdict]:
        """What viewers got of jobs that must be without a fault: none of those near trouble
        that cuts the stream, or where their records admit that not all was sent.
        """
        return [v for v in self.verdicts if not any(_may_harm(t, v) for t in self._all_troubles)]

    @property
    def stolen_s(self) -> float:
        """For how long the host took the processors."""
        return sum(trouble.ended_s - trouble.began_s for trouble in self.stolen)

    @property
    def _all_troubles(self) -> list[Trouble]:
        return [*self.troubles, *self.stolen]


def _may_harm(trouble: Trouble, verdict: Verdict) -> bool:
    return trouble.explains(verdict.from_s, verdict.to_s) and (trouble.cuts or verdict.is_degraded)


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that should be so, what was found, and whether it is."""

    text: str
    found: str
    is_met: bool


def goals(found: Found) -> Iterator[Goal]:
    """Yield what should be so."""
    lost, losses = found.unexplained, found.losses
    pictures_s = found.pictures.missing_s - total(losses, "pictures") + total(lost, "pictures")
    sound_s = found.sound.missing_s - total(losses, "sound") + total(lost, "sound")
    yield Goal(
        "each tick's frame came, but near trouble",
        f"{pictures_s * FPS:.0f} of {found.ticks} lacking",
        abs(pictures_s) < FRAME_S / 2 and not any(loss.what == "pictures" for loss in lost),
    )
    yield Goal(
        f"{SAMPLES_PER_FRAME} samples came for each tick, but near trouble",
        f"{sound_s * AIR_RATE_HZ:.0f} samples lacking",
        abs(sound_s) < FRAME_S,
    )
    behind_s = found.behind_s
    yield Goal("the ticks keep the clock's time", f"{behind_s:+.2f} s", abs(behind_s) < BEHIND_S)
    not_sent = {what: total(lost, what) for what in COUNTED}
    yield Goal(
        "the streamer sent each frame, but near trouble",
        listed(not_sent),
        not any(not_sent.values()),
    )
    watched = {what: count for what, count in found.counters.items() if what.startswith(WATCHED)}
    yield Goal(
        "the output is never called black, frozen or silent", listed(watched), not any(watched.values())
    )
    yield from _of_jobs(found)
    yield from _of_processes(found.lives, found.died)


def fairness(found: Found) -> Goal:
    """Return whether the machine was the soak's for long enough: a long one tells little of which much is
    excused."""
    taken = found.stolen_s / found.pictures.span_s
    text = f"the host took much of the processors in less than {TAKEN:.0%} of the time"
    return Goal(text, f"{taken:.1%}", taken < TAKEN)


def _of_jobs(found: Found) -> Iterator[Goal]:
    offsets = [verdict.offset_s for verdict in found.unshaken if verdict.offset_s is not None]
    worst = max(offsets, key=abs, default=None)
    yield Goal(
        "sound is within half a frame of its picture, but near trouble",
        "not heard" if worst is None else f"{worst * 1000:+.1f} ms at most",
        worst is not None and abs(worst) < FRAME_S / 2,
    )
    faults = [f"{v.job_id}: {fault}" for v in found.unshaken for fault in v.faults]
    yield Goal(
        "jobs are spoken without a fault, but near trouble",
        "; ".join(faults) or f"{len(found.unshaken)} of {len(found.unshaken)}",
        not faults,
    )
    known = sum(found.ends.values()) - found.ends.get("lost", 0)
    yield Goal("each job came to an end", f"{known} of {found.posted}", known == found.posted)


def _of_processes(lives: Sequence[Life], died: Sequence[str]) -> Iterator[Goal]:
    yield Goal("no process ended by itself", ", ".join(died) or "none did", not died)
    leaks = [f"{life.name}: {kind}" for life in lives for kind in life.leaks()]
    yield Goal("no descriptors, threads or children are leaked", ", ".join(leaks) or "none is", not leaks)
    grown = [f"{life.name} {life.growth:+.1f} %" for life in lives if life.grows]
    judged = sum(life.is_judged for life in lives)
    yield Goal(
        f"memory grows by less than {GROWTH:g} % an hour",
        ", ".join(grown) or f"so of {judged} processes that lived for long",
        not grown,
    )


def listed(amounts: Mapping[str, float]) -> str:
    """Return each amount behind its name."""
    return ", ".join(f"{name} {amount:g}" for name, amount in amounts.items())
