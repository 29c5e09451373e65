"""The frames server: a chunk's frames on their way to the streamer, and when its sound is forgotten.

A fence for each job says what may still be written. Without a fence nothing may, so what comes late or
twice can neither reach the air nor stay in memory.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from redis import Redis

from wire import batches, keys, scripts
from wire.batches import Batch
from wire.connection import Memory, script

FENCE_TTL_S = 3600.0
"""A fence that nobody moves goes after so long: longer than any task lives."""
FRAMES_TTL_S = 600.0
"""Sound and frames that nobody fetches go after so long: longer than a full window takes to air."""


_Streams = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]


class RefusedError(RuntimeError):
    """The frames server did not take a batch: its chunk has aired, was given to another, or is misshapen."""


def raise_fence(frames: Redis, job_id: str, epoch: int, chunk: int) -> None:
    """Let `chunk` and later ones of the job be written, by renders of this `epoch` alone.

    What has aired in the same epoch stays behind the fence.
    """
    script(frames, scripts.RAISE, [keys.fence(job_id)], *map(str, (epoch, chunk, int(FENCE_TTL_S * 1000))))


def first_chunk(frames: Redis, job_id: str) -> int:
    """Return the first chunk of the job that may be written; 0 where there is no fence."""
    return int(cast(bytes | None, frames.hget(keys.fence(job_id), "chunk")) or 0)


@dataclass(frozen=True, slots=True)
class Fence:
    """What the frames server knows of a job: its `epoch`, and the first `chunk` that may be written.

    `there` holds those of the chunks asked for whose frames are there, aired ones left out; `heard` the
    pieces of what engines hear that are there (see `wire.sounds`).
    """

    epoch: int
    chunk: int
    there: frozenset[int]
    heard: frozenset[int] = frozenset()


def look(frames: Redis, asked: Mapping[str, Sequence[int]]) -> tuple[dict[str, Fence], Memory]:
    """Return the fences of those jobs that have one, with which of the chunks `asked` of each have frames;
    and the server's memory."""
    told = json.dumps([_asked_for(job_id, chunks) for job_id, chunks in asked.items()])
    answer, (used, bound) = script(frames, scripts.FENCES, [], told)
    found = zip(asked.items(), answer, strict=True)
    fences = {job_id: _fence(chunks, seen) for (job_id, chunks), seen in found if seen[0] is not None}
    return fences, (int(used), int(bound))


def _asked_for(job_id: str, chunks: Sequence[int]) -> tuple[str, str, list[str]]:
    return keys.fence(job_id), keys.heard(job_id), [keys.frames(job_id, chunk) for chunk in chunks]


def _fence(asked: Sequence[int], seen: Sequence[Any]) -> Fence:
    epoch, first, heard, gone = seen
    there = frozenset(asked).difference(asked[at] for at in gone)
    return Fence(int(epoch), int(first), there, frozenset(map(int, heard)))


def advance_fence(frames: Redis, job_id: str, chunk: int, since: int) -> None:
    """Refuse from now on what comes before `chunk`, and forget the chunks from `since` up to it."""
    aired = range(since, chunk)
    gone = [key(job_id, c) for c in aired for key in (keys.sound, keys.frames)]
    names = [keys.fence(job_id), *gone]
    script(frames, scripts.ADVANCE, names, str(chunk), str(int(FENCE_TTL_S * 1000)))


def forget(frames: Redis, job_id: str, chunks: Iterable[int]) -> None:
    """Refuse from now on what comes of the job, and forget its sound and the frames of its `chunks`."""
    gone = (key(job_id, chunk) for chunk in chunks for key in (keys.sound, keys.frames))
    frames.unlink(keys.fence(job_id), keys.heard(job_id), *gone)


def forget_lost(frames: Redis, job_id: str) -> None:
    """Do as `forget`, for a job of which nobody knows any more how many chunks were handed out."""
    ours = [key for key in frames.scan_iter(count=1000) if key.split(b":")[1:2] == [job_id.encode()]]
    frames.unlink(keys.fence(job_id), *ours)


def append(frames: Redis, batch: Batch) -> int:
    """Write the batch after those before it; return the number of the batch that is wanted next.

    A batch that is there already is left as it is. The answer is lower than `batch.batch + 1` where
    earlier ones are missing: send again from there.

    Raises:
        RefusedError: the chunk may not be written (any more).
    """
    fields = batches.encode(batch)
    size = sum(patch.picture.nbytes for patch in batch.patches)
    numbers = (batch.epoch, batch.chunk, batch.batch, len(batch.patches), size, int(FRAMES_TTL_S * 1000))
    names = [keys.fence(batch.job), keys.frames(batch.job, batch.chunk)]
    content = (fields["head"], fields["sound"], fields["patches"])
    answer = script(frames, scripts.APPEND, names, *map(str, numbers), *content)
    verdict, *detail = (part.decode() for part in answer)
    if verdict == "refused":
        raise RefusedError(f"job {batch.job} chunk {batch.chunk} batch {batch.batch}: {detail[0]}")
    return int(detail[0]) if verdict == "expected" else batch.batch + 1


def read(
    frames: Redis, job_id: str, after: Sequence[tuple[int, int]], count: int, block_s: float
) -> list[Batch]:
    """Return batches in airing order: of each `(chunk, batches already read)` at most `count` more.

    Waits up to `block_s` (under the client's time-out) where nothing is there yet.

    Raises:
        MisshapenBatchError: an entry is unreadable.
    """
    streams: dict[bytes | str | memoryview, int | bytes | str | memoryview] = {
        keys.frames(job_id, chunk): f"{known}-0" for chunk, known in after
    }
    answer = frames.xread(streams, count=count, block=max(1, int(block_s * 1000)))
    return [batches.decode(fields) for _, entries in cast(_Streams, answer or []) for _, fields in entries]
