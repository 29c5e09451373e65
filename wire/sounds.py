"""The sound of chunks on its way to render workers, on the frames server.

A chunk's own sound is laid there for it alone. What engines hear lies there in pieces of a second, which the
chunks of a job share: LatentSync hears half a minute around each, and all but the same around the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray
from redis import Redis
from redis.exceptions import OutOfMemoryError

from wire import keys, scripts
from wire.connection import script
from wire.media import FPS, MODEL_SAMPLES_PER_FRAME
from wire.supply import FRAMES_TTL_S

PIECE_FRAMES = FPS
"""Frames of a job whose sound is in one piece of what is heard."""
_TTL_MS = int(FRAMES_TTL_S * 1000)


@dataclass(frozen=True, slots=True)
class ChunkSound:
    """One chunk's sound: `air` is `(frames * 1920,)` int16 at 48 kHz; `heard` is `(n,)` int16 at 16 kHz,
    with `lead` frames of what came before (see `workers.engines.interface.Speech`). In `rests`, frames of the
    chunk, the clip's own mouth is shown."""

    air: NDArray[np.int16]
    heard: NDArray[np.int16]
    lead: int
    rests: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Slices:
    """What is to be laid ready of a chunk's sound: `air`, `lead` and `rests` are as in `ChunkSound`.

    `hears` are the job's frames that are heard with the chunk; `pieces` those pieces of them that are not
    there yet, by their numbers; `gone` pieces that are there, and that no chunk will need any more.
    """

    job: str
    chunk: int
    air: NDArray[np.int16]
    hears: range
    lead: int
    rests: frozenset[int]
    pieces: Mapping[int, NDArray[np.int16]]
    gone: Sequence[int] = ()


def pieces_of(hears: range) -> range:
    """Return the numbers of the pieces that hold the sound of those frames of a job."""
    return range(hears.start // PIECE_FRAMES, -(-hears.stop // PIECE_FRAMES))


def put(frames: Redis, chunks: Sequence[Slices]) -> int:
    """Lay sound ready for workers; return for how many of the `chunks`, the first of them, the server has
    room."""
    for count, slices in enumerate(chunks):
        try:
            _lay(frames, slices)
        except OutOfMemoryError:
            return count
    return len(chunks)


def _lay(frames: Redis, slices: Slices) -> None:
    names = [keys.sound(slices.job, slices.chunk), keys.heard(slices.job)]
    own = (slices.air.tobytes(), bytes(sorted(slices.rests)))
    hears = (f"{slices.hears.start} {slices.hears.stop}", str(slices.lead))
    pieces = [part for number, piece in slices.pieces.items() for part in (str(number), piece.tobytes())]
    shared = (str(len(pieces)), *pieces, *map(str, slices.gone))
    script(frames, scripts.LAY, names, str(_TTL_MS), *own, *hears, *shared)


def get(frames: Redis, job_id: str, chunk: int) -> ChunkSound | None:
    """Return the chunk's sound; None if it is no longer there."""
    record = cast(dict[bytes, bytes], frames.hgetall(keys.sound(job_id, chunk)))
    heard = _heard(frames, job_id, range(*map(int, record[b"hears"].split()))) if record else None
    if heard is None:
        return None
    air = np.frombuffer(record[b"air"], "<i2")
    return ChunkSound(air, heard, int(record[b"lead"]), frozenset(record[b"rests"]))


def _heard(frames: Redis, job_id: str, hears: range) -> NDArray[np.int16] | None:
    wanted = pieces_of(hears)
    pieces = cast(list[bytes | None], frames.hmget(keys.heard(job_id), list(map(str, wanted))))
    if None in pieces:
        return None
    whole = np.frombuffer(b"".join(cast(list[bytes], pieces)), "<i2")
    begin, end = (frame - wanted.start * PIECE_FRAMES for frame in (hears.start, hears.stop))
    return whole[begin * MODEL_SAMPLES_PER_FRAME : end * MODEL_SAMPLES_PER_FRAME]


def get_air(frames: Redis, job_id: str, chunk: int) -> NDArray[np.int16] | None:
    """Return the chunk's sound for the air, `(frames * 1920,)`; None if it is no longer there."""
    air = cast(bytes | None, frames.hget(keys.sound(job_id, chunk), "air"))
    return None if air is None else np.frombuffer(air, "<i2")
