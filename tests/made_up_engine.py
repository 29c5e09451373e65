"""An engine that draws numbers for mouths, as slow or broken as a test wants it.

Used with `LIVE_ENGINE=tests.made_up_engine:MadeUpEngine` on the test clip (`tests.metering.clip`). Its own
environment variables:

| variable | is |
|---|---|
| `MADE_UP_SPEED` | frames a second, 400 by default |
| `MADE_UP_FAULTS` | a file that says what goes wrong, if it is there; read for each chunk |

A line of the file names a fault, and the chunks that it befalls half way through. `3` is chunk 3 whenever it
is tried, `3:1` only its first try, `all` is every chunk: `raise 3 7:1`, `hold=2.5 all`.

| fault | is |
|---|---|
| `raise` | an error |
| `kill` | the process is killed, as `kill -9` does |
| `hold=s` | nothing goes on for `s` seconds |
| `short`, `long` | a frame too few, a frame too many |
| `large` | patches reach out of the picture |
| `nan` | pixels are no numbers |
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

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
    weights: str = ""
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
        faults = _faults(order)
        began, half = time.monotonic(), len(order.clip_frames) // 2
        for i, clip in enumerate(_clips(order, faults)):
            if i == half:
                _befall(order, faults)
            _wait_until(began + (i + 1) / self.speed)
            patch = _patch(order, i, clip)
            yield patch if i < half else _spoilt(patch, faults)


def _faults(order: Order) -> Mapping[str, str]:
    """Return what befalls the chunk, and what stands behind each `=`. Rehearsals, attempt 0, go well."""
    file = Path(os.environ.get("MADE_UP_FAULTS", os.devnull))
    if order.attempt == 0 or not file.exists():
        return {}
    names = {"all", str(order.chunk), f"{order.chunk}:{order.attempt}"}
    lines = [line.split() for line in file.read_text().splitlines()]
    faults = [fault.partition("=") for fault, *chosen in lines if names & set(chosen)]
    return {what: value for what, _, value in faults}


def _clips(order: Order, faults: Mapping[str, str]) -> tuple[int, ...]:
    if "short" in faults:
        return order.clip_frames[:-1]
    return order.clip_frames + order.clip_frames[-1:] * ("long" in faults)


def _befall(order: Order, faults: Mapping[str, str]) -> None:
    if "raise" in faults:
        raise MadeUpError(f"chunk {order.chunk} fails, as it was told to")
    if "kill" in faults:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(float(faults.get("hold", "0")))


def _patch(order: Order, index: int, clip: int) -> Patch:
    mark = Mark(job_number(order.job), order.chunk, order.first_frame + index, order.attempt, clip)
    return Patch(PATCH_X, PATCH_Y, patch_picture(mark))


def _spoilt(patch: Patch, faults: Mapping[str, str]) -> Patch:
    if "nan" in faults:
        return replace(patch, picture=np.full(patch.picture.shape, np.nan))
    return replace(patch, x=WIDTH) if "large" in faults else patch


def _wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
