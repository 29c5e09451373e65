"""What is posted and what is broken, and when: drawn by lot, so that a seed tells all of it. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from wire.jobs import Mode

SHORTEST_S, LONGEST_S = 0.2, 20.0
GAP_S = 4.0
"""Jobs are posted so long after the end of the one before, in the mean: on air for about half of the time,
and often with others that wait."""
CANCELLED = 0.1
"""Share of the jobs."""
MODES = {Mode.APPEND: 8, Mode.NEXT: 1, Mode.NOW: 1}
"""How often each is asked for."""
EVERY_S = 150.0
"""Between two blows, in the mean."""
QUIET_S = 60.0
"""Nothing is broken in the last minute, or in the first and the last third of what is shorter."""


class Blow(StrEnum):
    RENDERER = "render process killed"
    WORKER = "render worker killed, started again"
    DISPATCH = "dispatch worker killed, started again"
    PREPARE = "prepare worker killed, started again"
    BROKER = "broker killed, started again"
    FRAMES = "frames server killed, started again"
    BROKER_FROZEN = "broker frozen for 2 s"
    FRAMES_FROZEN = "frames server frozen for 2 s"
    FFMPEG = "encoder killed"
    PUSHER = "a pusher killed"
    RTMP = "RTMP server killed, started again"
    TWICE = "messages to render workers sent again"

    @property
    def cuts(self) -> bool:
        """Whether it may cost viewers pictures; of all else they see no more than speech that pauses."""
        return self in {Blow.FFMPEG, Blow.PUSHER, Blow.RTMP}


@dataclass(frozen=True, slots=True)
class Post:
    """A job of `length_s`, posted `at_s` after the begin, and cancelled `cancel_s` after that if ever."""

    at_s: float
    length_s: float
    mode: Mode
    cancel_s: float = math.inf


def posts(seed: int, seconds: float) -> Iterator[Post]:
    """Yield what is posted in so many seconds, in order. Of short jobs there are more than of long ones."""
    lot = Random(f"posts {seed}")
    at_s = 0.0
    while True:
        length_s = SHORTEST_S * (LONGEST_S / SHORTEST_S) ** lot.random()
        if at_s + length_s > seconds:
            return
        (mode,) = lot.choices(list(MODES), list(MODES.values()))
        cancel_s = lot.uniform(0, length_s + GAP_S) if lot.random() < CANCELLED else math.inf
        yield Post(at_s, length_s, mode, cancel_s)
        at_s += lot.uniform(0, 2) * (length_s + GAP_S)


def blows(seed: int, seconds: float) -> Iterator[tuple[float, Blow]]:
    """Yield what is broken and how many seconds after the begin, each kind in its turn; at least one."""
    lot = Random(f"blows {seed}")
    quiet_s = min(QUIET_S, seconds / 3)
    at_s = quiet_s
    while at_s < seconds - quiet_s:
        for blow in lot.sample(list(Blow), len(Blow)):
            if at_s < seconds - quiet_s:
                yield at_s, blow
            at_s += lot.uniform(0.5, 1.5) * EVERY_S
