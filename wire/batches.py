"""A batch of frames: pictures as patches, and the sound they were made from, in one stream entry.

Entry fields: `head` (JSON), `sound` (s16le mono 48 kHz), `patches` (the patches' I420 bytes, joined).
"""

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from wire.media import SAMPLES_PER_FRAME


class MisshapenBatchError(ValueError):
    """A batch whose parts do not fit together."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The rectangle of one frame that differs from the avatar's clip.

    `x`, `y` are its left top corner in pixels, even. `picture` is I420, `(height * 3 // 2, width)` uint8,
    height and width even. An empty picture leaves the clip's own mouth.
    """

    x: int
    y: int
    picture: NDArray[np.uint8]

    @classmethod
    def empty(cls) -> Self:
        return cls(0, 0, np.empty((0, 0), np.uint8))

    @property
    def width(self) -> int:
        return self.picture.shape[1]

    @property
    def height(self) -> int:
        return self.picture.shape[0] * 2 // 3


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive frames of one chunk.

    Frame `i` is the job's frame `first_frame + i`; its body is the avatar's clip at `position + i` on the
    channel's timeline (see `avatars.loop`). `sound` is `(len(patches) * 1920,)` int16. `last` marks the
    chunk's last batch.
    """

    job: str
    epoch: int
    chunk: int
    batch: int
    attempt: int
    last: bool
    avatar: str
    first_frame: int
    position: int
    patches: tuple[Patch, ...]
    sound: NDArray[np.int16]

    def __post_init__(self) -> None:
        if not self.patches or self.sound.shape != (len(self.patches) * SAMPLES_PER_FRAME,):
            raise MisshapenBatchError(
                f"{len(self.patches)} frames need {len(self.patches) * SAMPLES_PER_FRAME} samples, "
                f"not {self.sound.shape}"
            )
        for patch in self.patches:
            _check(patch)


def _check(patch: Patch) -> None:
    odd = patch.x % 2 or patch.y % 2 or patch.width % 2 or patch.picture.shape[0] % 3
    if patch.picture.ndim != 2 or patch.picture.dtype != np.uint8 or odd or min(patch.x, patch.y) < 0:
        raise MisshapenBatchError(
            f"a patch is I420 with even corner and sides, not {patch.picture.dtype} {patch.picture.shape} "
            f"at {patch.x},{patch.y}"
        )


def encode(batch: Batch) -> dict[str, bytes]:
    """Return the entry's fields."""
    head = {
        name: getattr(batch, name)
        for name in ("job", "epoch", "chunk", "batch", "attempt", "last", "avatar", "first_frame", "position")
    }
    head["rects"] = [(p.x, p.y, p.width, p.height) for p in batch.patches]
    return {
        "head": json.dumps(head, separators=(",", ":")).encode(),
        "sound": batch.sound.astype("<i2", copy=False).tobytes(),
        "patches": b"".join(p.picture.tobytes() for p in batch.patches),
    }


def decode(fields: dict[bytes, bytes]) -> Batch:
    """Return the batch in an entry's `fields`; pictures are views of its bytes.

    Raises:
        MisshapenBatchError: a field is missing, or the bytes do not fit the head.
    """
    try:
        head = json.loads(fields[b"head"])
        rects = [tuple(map(int, rect)) for rect in head.pop("rects")]
        patches = _cut(np.frombuffer(fields[b"patches"], np.uint8), rects)
        return Batch(**head, patches=patches, sound=np.frombuffer(fields[b"sound"], "<i2"))
    except (KeyError, TypeError, ValueError) as error:
        raise MisshapenBatchError(f"unreadable batch: {error}") from error


def _cut(pixels: NDArray[np.uint8], rects: list[tuple[int, ...]]) -> tuple[Patch, ...]:
    patches, at = [], 0
    for x, y, width, height in rects:
        size = width * height * 3 // 2
        patches.append(Patch(x, y, pixels[at : at + size].reshape(height * 3 // 2, width)))
        at += size
    if at != len(pixels):
        raise MisshapenBatchError(f"{len(pixels)} bytes of patches where {at} were announced")
    return tuple(patches)
