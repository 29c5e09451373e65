"""Judges the patches of each job: every frame once, in order, in its place, faded in and out. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from tests.metering.faults import Fault, Kind
from tests.metering.marks import Mark, job_number
from tests.metering.stream import Picture
from wire.chunks import chunk_of

FULL = 0.95
"""A patch at this level or above is not fading."""
FADE_STEP = 0.05
"""Levels closer than this are the same: the encoder's noise reaches 0.03."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture that shows a frame of a job; `index` is its place in the stream."""

    index: int
    pts_s: float
    mark: Mark
    level: float
    clip: int | None


def shown(pictures: Sequence[Picture]) -> list[Shown]:
    """Return the pictures that show a patch."""
    return [
        Shown(i, p.pts_s, p.seen.mark, p.seen.level, p.seen.clip)
        for i, p in enumerate(pictures)
        if p.seen.mark is not None
    ]


def of_job(job_id: str, pictures: Sequence[Picture]) -> list[Shown]:
    """Return the pictures that show a patch of the job."""
    number = job_number(job_id)
    return [view for view in shown(pictures) if view.mark.job == number]


def first_times(views: Sequence[Shown], pictures: Sequence[Picture]) -> dict[int, float]:
    """Return when each frame of a job was first shown.

    Speech that is out of phase crosses over from what was on, and a mouth in a mixture cannot be read: it
    counts as shown where the frames behind it say that it was its turn.
    """
    first = {view.mark.frame: view.index for view in reversed(views)}
    for frame in range(max(first, default=0), 0, -1):
        if _is_veiled(frame, first, pictures):
            first[frame - 1] = first[frame] - 1
    return {frame: pictures[index].pts_s for frame, index in first.items()}


def _is_veiled(frame: int, first: Mapping[int, int], pictures: Sequence[Picture]) -> bool:
    """Say whether the frame before this one is in a mixture."""
    if first.get(frame, 0) == 0 or frame - 1 in first:
        return False
    return pictures[first[frame] - 1].seen.is_mixed


def attempts(views: Sequence[Shown]) -> dict[int, frozenset[int]]:
    """Return from which attempts each chunk's frames were."""
    seen: dict[int, set[int]] = {}
    for view in views:
        seen.setdefault(view.mark.chunk, set()).add(view.mark.attempt)
    return {chunk: frozenset(numbers) for chunk, numbers in sorted(seen.items())}


def fade_in(views: Sequence[Shown]) -> tuple[float, ...]:
    """Return the levels before the patch is first shown in full."""
    rising = []
    for view in views:
        if view.level >= FULL:
            break
        rising.append(round(view.level, 2))
    return tuple(rising)


def fade_out(views: Sequence[Shown]) -> tuple[float, ...]:
    """Return the levels after the patch was last shown in full."""
    return fade_in(views[::-1])[::-1]


def judge(views: Sequence[Shown], times: Mapping[int, float], frames: int) -> Iterator[Fault]:
    """Yield what is wrong with one job's pictures, of which there should be `frames` frames.

    `times` tells when each was first shown.
    """
    yield from _missing(views, times, frames)
    yield from _again(views)
    yield from _misplaced(views)


def fades(views: Sequence[Shown], pictures: Sequence[Picture], steps: int) -> Iterator[Fault]:
    """Yield which fades are missing where the job came out of idle, or went back to it."""
    first, last = views[0], views[-1]
    if first.index > 0 and pictures[first.index - 1].seen.mark is None:
        yield from _fade(first.pts_s, "in", fade_in(views), steps)
    if last.index + 1 < len(pictures) and pictures[last.index + 1].seen.mark is None:
        yield from _fade(last.pts_s, "out", fade_out(views)[::-1], steps)


def _fade(at_s: float, way: str, levels: Sequence[float], steps: int) -> Iterator[Fault]:
    """`levels` rise evenly if the fade is right."""
    even = all(abs(b - a - 1 / steps) < 2 * FADE_STEP for a, b in pairwise([0.0, *levels, 1.0]))
    if not even:
        yield Fault(Kind.FADE, at_s, f"faded {way} by {[round(level, 2) for level in levels]}")


def _missing(views: Sequence[Shown], times: Mapping[int, float], frames: int) -> Iterator[Fault]:
    absent = sorted(set(range(frames)) - times.keys())
    for _, group in groupby(enumerate(absent), lambda pair: pair[1] - pair[0]):
        run = [frame for _, frame in group]
        at_s = min((at for frame, at in times.items() if frame > run[-1]), default=views[-1].pts_s)
        yield Fault(Kind.MISSING, at_s, f"frames {run[0]} to {run[-1]}")


def _again(views: Sequence[Shown]) -> Iterator[Fault]:
    """Frames shown twice or late. A frame that stays while its level changes is a fade that holds it."""
    known: set[int] = set()
    for i, view in enumerate(views):
        frame, before = view.mark.frame, views[i - 1] if i else None
        if frame in known and not (before and _holds(before, view)):
            yield Fault(Kind.DOUBLE, view.pts_s, f"frame {frame}")
        if frame not in known and known and frame < max(known):
            yield Fault(Kind.ORDER, view.pts_s, f"frame {frame} after {max(known)}")
        known.add(frame)


def _holds(before: Shown, view: Shown) -> bool:
    return before.mark == view.mark and abs(before.level - view.level) > FADE_STEP


def _misplaced(views: Sequence[Shown]) -> Iterator[Fault]:
    for view in views:
        if view.mark.chunk != chunk_of(view.mark.frame):
            yield Fault(Kind.MISPLACED, view.pts_s, f"frame {view.mark.frame} in chunk {view.mark.chunk}")
        if view.clip not in (view.mark.clip, None) and view.level >= FULL:
            text = f"frame {view.mark.frame}, made for clip frame {view.mark.clip}, over {view.clip}"
            yield Fault(Kind.MISPLACED, view.pts_s, text)
