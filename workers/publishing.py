"""Patches and sound become batches, and batches go to the frames server in order."""

import time
from collections.abc import Container, Iterable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from redis import Redis
from redis.exceptions import OutOfMemoryError

from avatars.store import Avatar
from wire import chunks, supply
from wire.batches import Batch, Patch
from wire.jobs import Job
from wire.media import BATCH_FRAMES, SAMPLES_PER_FRAME

ROOM_LOOK_S = 0.1
"""Between two looks whether a full frames server has room again."""


class WrongRenderError(RuntimeError):
    """An engine gave what was not ordered."""


def checked(patches: Iterable[Patch], avatar: Avatar, frames: int) -> Iterator[Patch]:
    """Yield `patches`, sure that there are `frames` of them, inside the avatar's picture.

    Raises:
        WrongRenderError: they are not.
    """
    count = 0
    for count, patch in enumerate(patches, 1):
        right, bottom = patch.x + patch.width, patch.y + patch.height
        if count > frames or right > avatar.width or bottom > avatar.height:
            raise WrongRenderError(
                f"frame {count} of {frames} reaches {right},{bottom} in {avatar.width}x{avatar.height} pixels"
            )
        yield patch
    if count < frames:
        raise WrongRenderError(f"{count} frames of {frames}")


def resting(patches: Iterable[Patch], rests: Container[int]) -> Iterator[Patch]:
    """Yield a chunk's `patches`, but nothing to lay over those of its frames in which the mouth `rests`."""
    for frame, patch in enumerate(patches):
        yield Patch.empty() if frame in rests else patch


def to_batches(
    job: Job, chunk: int, attempt: int, air: NDArray[np.int16], patches: Iterator[Patch]
) -> Iterator[Batch]:
    """Yield the chunk's batches as soon as their patches come; `air` is its sound, 1920 samples a frame."""
    span = chunks.span(chunk, job.frames)
    for number, start in enumerate(range(span.start, span.stop, BATCH_FRAMES)):
        count = min(BATCH_FRAMES, span.stop - start)
        cut = slice(
            (start - span.start) * SAMPLES_PER_FRAME, (start - span.start + count) * SAMPLES_PER_FRAME
        )
        yield Batch(
            job=job.id,
            epoch=job.epoch,
            chunk=chunk,
            batch=number,
            attempt=attempt,
            last=start + count == span.stop,
            avatar=job.avatar,
            first_frame=start,
            position=job.position + start,
            patches=tuple(islice(patches, count)),
            sound=air[cut],
        )
    for _ in patches:  # the check that there are no more runs when they are asked for
        pass


class Publication:
    """One chunk on its way to the frames server.

    Attributes:
        error: why no more is written; None while all goes well.
    """

    def __init__(self, frames: Redis, room_wait_s: float = 0.0) -> None:
        """A full server is waited for, `room_wait_s` in all."""
        self._frames, self._patience_s = frames, room_wait_s
        self._made: list[Batch] = []
        self.error: Exception | None = None

    def check(self) -> None:
        """Raise why no more is written, if so."""
        if self.error:
            raise self.error

    def write(self, batch: Batch) -> None:
        """Write the next batch; where the server misses earlier ones, write those again.

        An error is kept, and ends the publication.
        """
        if self.error:
            return
        try:
            self._write(batch)
        except Exception as error:  # noqa: BLE001 - whatever it is, the chunk is told of as broken by it
            self.error = error

    def _write(self, batch: Batch) -> None:
        self._made.append(batch)
        wanted = self._append(batch)
        while wanted < len(self._made):
            wanted = self._append(self._made[wanted])

    def _append(self, batch: Batch) -> int:
        while True:
            try:
                return supply.append(self._frames, batch)
            except OutOfMemoryError:
                if self._patience_s <= 0:
                    raise
                time.sleep(ROOM_LOOK_S)
                self._patience_s -= ROOM_LOOK_S


def publish(frames: Redis, batches: Iterable[Batch]) -> None:
    """Write a chunk's batches in order.

    Raises:
        RefusedError: the chunk may not be written (any more).
        OutOfMemoryError: the server is full.
    """
    publication = Publication(frames)
    for batch in batches:
        publication.write(batch)
        publication.check()
