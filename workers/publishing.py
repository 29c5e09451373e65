"""Patches and sound become batches, and batches go to the frames server in order."""

import time
from collections.abc import Iterable, Iterator
from itertools import islice

from redis import Redis
from redis.exceptions import OutOfMemoryError

from avatars.store import Avatar
from wire import chunks, supply
from wire.batches import Batch, Patch
from wire.jobs import Job
from wire.media import BATCH_FRAMES, SAMPLES_PER_FRAME
from wire.supply import ChunkSound

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


def to_batches(
    job: Job, chunk: int, attempt: int, sound: ChunkSound, patches: Iterator[Patch]
) -> Iterator[Batch]:
    """Yield the chunk's batches as soon as their patches come."""
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
            sound=sound.air[cut],
        )
    for _ in patches:  # the check that there are no more runs when they are asked for
        pass


def publish(frames: Redis, batches: Iterable[Batch], room_wait_s: float = 0.0) -> None:
    """Write the batches in order; where the server misses earlier ones, write those again.

    Raises:
        RefusedError: the chunk may not be written (any more).
        OutOfMemoryError: the server was full for `room_wait_s`.
    """
    made: list[Batch] = []
    for batch in batches:
        made.append(batch)
        wanted = _append(frames, batch, room_wait_s)
        while wanted < len(made):
            wanted = _append(frames, made[wanted], room_wait_s)


def _append(frames: Redis, batch: Batch, room_wait_s: float) -> int:
    end = time.monotonic() + room_wait_s
    while True:
        try:
            return supply.append(frames, batch)
        except OutOfMemoryError:
            if time.monotonic() >= end:
                raise
            time.sleep(ROOM_LOOK_S)
