"""What one channel sends, tick by tick, kept for tests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar
from streamer.buffer import Buffer, Spoken
from streamer.canvas import Piece
from streamer.counters import Counters
from streamer.daemon import Playout
from streamer.idling import IdleClip, Idling
from streamer.label import Label
from streamer.mixing import RAMP_SAMPLES, Fade, planes
from tests.streamer.conftest import (
    LUMA_PATCHES,
    PATCH_HEIGHT,
    PATCH_WIDTH,
    PATCH_X,
    PATCH_Y,
    make_patch,
    make_sound,
)
from wire.batches import Patch
from wire.jobs import Job

FADE = 4


@dataclass
class Air:
    """A playout whose ticks are kept; `position` and `number` are what was sent before them.

    Where the channel idles on another clip, that was at `idle_place`.
    """

    avatar: Avatar
    position: int = -1
    number: int = -1
    label: Label | None = None
    fade: Fade = field(default_factory=lambda: Fade(FADE))
    idle: IdleClip | None = None
    idle_place: int = -1
    numbers: list[int] = field(default_factory=list)
    spoken: list[int | None] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)
    pictures: list[NDArray[np.uint8]] = field(default_factory=list)
    sounds: list[NDArray[np.int16]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.buffer, self.counters = Buffer(1000), Counters()
        self.idling = Idling(self.idle, self.idle_place, self.fade) if self.idle else None
        self.playout = Playout(
            self.avatar,
            self.label,
            self.fade,
            self.position,
            self.number,
            self.buffer,
            self._keep,
            self.counters,
            self.idling,
        )

    def _keep(
        self, number: int, pieces: Sequence[Piece], sound: NDArray[np.int16], spoken: Spoken | None
    ) -> None:
        self.numbers.append(number)
        self.spoken.append(spoken.number if spoken else None)
        self.resumed += [spoken.number] if spoken and spoken.was_late else []
        self.pictures.append(np.concatenate(pieces).reshape(self.avatar.pictures[0].shape))
        self.sounds.append(sound)

    def tick(self, count: int) -> None:
        for _ in range(count):
            self.playout.tick(self.playout.number + 1)

    def speak(self, job: Job, numbers: Iterable[int], patch: Patch | None = None) -> None:
        for n in numbers:
            self.buffer.put([Spoken(job, n, job.position + n, patch or make_patch(), make_sound(n, 1))])

    def bodies(self) -> list[float]:
        """Return the mean luma outside the patch, tick by tick: 60 and the clip's frame."""
        return [float(planes(picture)[0][:PATCH_Y].mean()) for picture in self.pictures]

    def mouths(self) -> list[float]:
        """Return the patch's share, tick by tick, 0 to 1."""
        rows, columns = slice(PATCH_Y, PATCH_Y + PATCH_HEIGHT), slice(PATCH_X, PATCH_X + PATCH_WIDTH)
        inside = [float(planes(picture)[0][rows, columns].mean()) for picture in self.pictures]
        pairs = zip(inside, self.bodies(), strict=True)
        return [round((mouth - body) / (LUMA_PATCHES - body), 2) for mouth, body in pairs]

    def heard(self) -> list[int]:
        """Return the sample by which each tick's sound is known, past any ramp."""
        return [int(sound[RAMP_SAMPLES]) for sound in self.sounds]
