"""One chunk's part of a job's decoded sound, and of where the mouth rests in it."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wire import chunks, sounds, uploads
from wire.jobs import Job
from wire.media import MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME
from wire.sounds import Slices
from workers.hearing import stretch


def cut(
    folder: Path, job: Job, chunk: int, engine: str, there: Collection[int] = (), first: int = 0
) -> Slices:
    """Return the chunk's sound, and what lies around it for the engine that is named.

    Pieces that are `there` on the frames server already are left out; those are gone that only chunks before
    the `first` needed, which have aired.

    Raises:
        OSError: the decoded sound is not in the uploads `folder`.
    """
    span = chunks.span(chunk, job.frames)
    hears = stretch(engine, span, job.frames)
    needed = sounds.pieces_of(stretch(engine, chunks.span(first, job.frames), job.frames)).start
    missing = [number for number in sounds.pieces_of(hears) if number not in there]
    rests = np.flatnonzero(_rests(uploads.rests(folder, job.id))[span.start : span.stop])
    return Slices(
        job.id,
        chunk,
        cut_air(folder, job, chunk),
        hears,
        span.start - hears.start,
        frozenset(rests.tolist()),
        dict(zip(missing, _pieces(uploads.heard(folder, job.id), missing), strict=True)),
        [number for number in there if number < needed],
    )


def cut_air(folder: Path, job: Job, chunk: int) -> NDArray[np.int16]:
    """Return the chunk's sound for the air, `(frames * 1920,)`.

    Raises:
        OSError: the decoded sound is not in the uploads `folder`.
    """
    with uploads.air(folder, job.id).open("rb", buffering=0) as file:
        return _part(file, chunks.span(chunk, job.frames), SAMPLES_PER_FRAME)


def resting_chunks(folder: Path, job: Job) -> frozenset[int]:
    """Return the job's chunks in all of whose frames the mouth rests: nothing has to be rendered for them."""
    try:
        return _resting_chunks(folder, job.id, job.frames)
    except OSError:  # reading its sound fails then too: that ends this job, and no other
        return frozenset()


@lru_cache(maxsize=128)
def _resting_chunks(folder: Path, job_id: str, frames: int) -> frozenset[int]:
    rests = _rests(uploads.rests(folder, job_id))
    spans = [chunks.span(chunk, frames) for chunk in range(chunks.count(frames))] if len(rests) else []
    return frozenset(chunk for chunk, span in enumerate(spans) if rests[span.start : span.stop].all())


@lru_cache(maxsize=128)
def _rests(path: Path) -> NDArray[np.uint8]:
    """Return a byte for each of a job's frames, or none at all; the file is as old as the job."""
    return np.fromfile(path, np.uint8) if path.exists() else np.empty(0, np.uint8)


def _pieces(path: Path, numbers: Sequence[int]) -> list[NDArray[np.int16]]:
    if not numbers:
        return []
    each = sounds.PIECE_FRAMES
    with path.open("rb", buffering=0) as file:
        return [_part(file, range(n * each, (n + 1) * each), MODEL_SAMPLES_PER_FRAME) for n in numbers]


def _part(file: FileIO, frames: range, each: int) -> NDArray[np.int16]:
    """Return those of a decoded sound's frames that there are; it has `each` samples a frame."""
    file.seek(2 * frames.start * each)
    return np.frombuffer(file.read(2 * len(frames) * each), "<i2")
