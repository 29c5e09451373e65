"""An engine that draws numbers for mouths, as slow or broken as a test wants it.

Used with `LIVE_ENGINE=tests.made_up_engine:MadeUpEngine` on the test clip (`tests.metering.clip`). Its own
environment variables:

| variable | is |
|---|---|
| `MADE_UP_SPEED` | frames a second, 400 by default |
| `MADE_UP_FAIL` | chunks that raise, half way through |

Chunks are given as a list: `3` is chunk 3 whenever it is tried, `3:1` only its first try; `3 7:1` both.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from avatars.store import Avatar
from tests.metering.marks import HEIGHT, PATCH_X, PATCH_Y, WIDTH, Mark, job_number, patch_picture
from wire.batches import Patch
from workers.engines.interface import Order, Speech


class MadeUpError(RuntimeError):
    """A failure that was asked for."""


@dataclass
class MadeUpEngine:
    """Satisfies `workers.engines.interface.Engine`."""

    name: str = "made-up"
    device: str = "cpu"
    speed: float = field(default_factory=lambda: float(os.environ.get("MADE_UP_SPEED", "400")))

    def warm_up(self) -> None:
        """There is nothing to load."""

    def features(self, speech: Speech) -> int:
        return speech.frames

    def render(self, avatar: Avatar, features: int, order: Order) -> Iterator[Patch]:
        if features != len(order.clip_frames):
            raise MadeUpError(f"sound for {features} frames, {len(order.clip_frames)} to render")
        if (avatar.width, avatar.height) != (WIDTH, HEIGHT):
            raise MadeUpError(f"an avatar of {avatar.width}x{avatar.height} pixels is not the test clip")
        began, half = time.monotonic(), len(order.clip_frames) // 2
        for i, clip in enumerate(order.clip_frames):
            if i == half and _is_chosen("MADE_UP_FAIL", order):
                raise MadeUpError(f"chunk {order.chunk} fails, as it was told to")
            _wait_until(began + (i + 1) / self.speed)
            yield _patch(order, i, clip)


def _patch(order: Order, index: int, clip: int) -> Patch:
    mark = Mark(job_number(order.job), order.chunk, order.first_frame + index, order.attempt, clip)
    return Patch(PATCH_X, PATCH_Y, patch_picture(mark))


def _is_chosen(variable: str, order: Order) -> bool:
    """Rehearsals are attempt 0, and go well."""
    chosen = os.environ.get(variable, "").split()
    return order.attempt > 0 and bool({str(order.chunk), f"{order.chunk}:{order.attempt}"} & set(chosen))


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
