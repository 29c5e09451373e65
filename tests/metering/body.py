"""Judges the clip under the speech: it moves, there and back, and is never black. Pure."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from avatars.loop import period, there_and_back
from tests.metering.faults import Fault, Kind
from tests.metering.stream import Picture

BLACK_LUMA = 24.0
"""A picture darker than this on average is black; the test clip has about 120."""


def judge(pictures: Sequence[Picture], clip_frames: int) -> Iterator[Fault]:
    """Yield what is wrong with the clip as seen, which has `clip_frames` frames."""
    yield from _black(pictures)
    yield from (
        Fault(Kind.UNREADABLE, p.pts_s, str(p.seen))
        for p in pictures
        if not _is_black(p) and not p.seen.is_readable
    )
    yield from _crosses(pictures)
    yield from _freezes(pictures)
    yield from _jumps(pictures, clip_frames)


def _is_black(picture: Picture) -> bool:
    return picture.seen.luma < BLACK_LUMA


def _black(pictures: Sequence[Picture]) -> Iterator[Fault]:
    for is_black, group in groupby(pictures, _is_black):
        run = list(group)
        if is_black:
            yield Fault(Kind.BLACK, run[0].pts_s, f"{len(run)} black pictures")


def _crosses(pictures: Sequence[Picture]) -> Iterator[Fault]:
    for is_mixed, group in groupby(pictures, lambda p: p.seen.is_mixed):
        run = list(group)
        if is_mixed:
            yield Fault(Kind.CROSS, run[0].pts_s, f"{len(run)} pictures are mixtures")


def _freezes(pictures: Sequence[Picture]) -> Iterator[Fault]:
    for clip, group in groupby(pictures, lambda p: p.seen.clip):
        run = list(group)
        if clip is not None and len(run) > 1:
            yield Fault(Kind.FREEZE, run[0].pts_s, f"clip frame {clip} in {len(run)} pictures")


def _jumps(pictures: Sequence[Picture], clip_frames: int) -> Iterator[Fault]:
    """A step is right if the clip's way there and back has it; so is a turn, which only its ends have.

    Elsewhere it turns where speech is late, to go back to where that resumes.
    """
    way = [there_and_back(place, clip_frames) for place in range(period(clip_frames) + 2)]
    right = {*pairwise(way), *zip(way, way[1:], way[2:], strict=False)}
    shown = [next(group) for _, group in groupby(pictures, lambda p: p.seen.clip)]
    clips = [picture.seen.clip for picture in shown]
    for i, picture in enumerate(shown):
        step, before, turn = tuple(clips[i - 1 : i + 1]), tuple(clips[i - 2 : i]), tuple(clips[i - 2 : i + 1])
        if None in step or len(step) < 2:
            continue
        if step not in right:
            yield Fault(Kind.JUMP, picture.pts_s, f"clip frame {step[1]} after {step[0]}")
        elif before in right and turn not in right:
            yield Fault(Kind.TURN, picture.pts_s, f"clip frames {turn[0]}, {turn[1]}, {turn[2]}")
