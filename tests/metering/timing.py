"""Judges timestamps and arrivals. Pure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.metering.faults import Fault, Kind
from tests.metering.stream import Picture, Sound, Stream
from wire.media import FPS

ROUNDING_S = 0.0015
"""FLV's timestamps are whole milliseconds."""
STALL_S = 1.0
"""A player with a small buffer stops when nothing comes for so long."""
ENDS_S = 0.5
"""Sound and picture begin and end within this of each other; a reader joins and leaves at any packet."""


def judge(stream: Stream) -> Iterator[Fault]:
    """Yield what is wrong with the stream's time."""
    yield from _picture_steps(stream.pictures)
    yield from _stalls(stream.pictures)
    yield from _sound_breaks(stream.sound)
    yield from _ends(stream)


def worst_gap(times_s: Sequence[float]) -> float:
    """Return the longest time between two of `times_s`, in seconds."""
    return max((after - before for before, after in pairwise(times_s)), default=0.0)


def _picture_steps(pictures: Sequence[Picture]) -> Iterator[Fault]:
    for before, after in pairwise(pictures):
        step_s = after.pts_s - before.pts_s
        if abs(step_s - 1 / FPS) > ROUNDING_S:
            yield Fault(Kind.TIMESTAMP, after.pts_s, f"picture {step_s * 1000:+.0f} ms after the last")


def _stalls(pictures: Sequence[Picture]) -> Iterator[Fault]:
    for before, after in pairwise(pictures):
        waited_s = after.arrival_s - before.arrival_s
        if waited_s > STALL_S:
            yield Fault(Kind.STALL, after.pts_s, f"came {waited_s:.2f} s after the last")


def _sound_breaks(sound: Sound) -> Iterator[Fault]:
    for at_s, jump_s in sound.breaks:
        yield Fault(Kind.TIMESTAMP, at_s, f"sound jumps by {jump_s * 1000:+.0f} ms")


def _ends(stream: Stream) -> Iterator[Fault]:
    if not stream.pictures:
        return
    late = stream.sound.start_s - stream.pictures[0].pts_s
    early = stream.pictures[-1].pts_s - stream.sound.end_s
    if late > ENDS_S:
        yield Fault(Kind.TIMESTAMP, stream.sound.start_s, f"sound begins {late:.2f} s after the picture")
    if early > ENDS_S:
        yield Fault(Kind.TIMESTAMP, stream.sound.end_s, f"sound ends {early:.2f} s before the picture")
