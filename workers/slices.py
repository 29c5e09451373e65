"""One chunk's part of a job's decoded sound, and of where the mouth rests in it."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wire import chunks, uploads
from wire.jobs import Job
from wire.media import MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME
from wire.supply import ChunkSound
from workers.hearing import stretch


def cut(folder: Path, job: Job, chunk: int, engine: str) -> ChunkSound:
    """Return the chunk's sound for the air, and, with what lies around it, for the engine that is named.

    Raises:
        OSError: the decoded sound is not in the uploads `folder`.
    """
    span = chunks.span(chunk, job.frames)
    near = stretch(engine, span, job.frames)
    air = _part(uploads.air(folder, job.id), span, SAMPLES_PER_FRAME)
    around = _part(uploads.heard(folder, job.id), near, MODEL_SAMPLES_PER_FRAME)
    rests = np.flatnonzero(_rests(uploads.rests(folder, job.id))[span.start : span.stop])
    return ChunkSound(air, around, span.start - near.start, frozenset(rests.tolist()))


def resting_chunks(folder: Path, job: Job) -> frozenset[int]:
    """Return the job's chunks in all of whose frames the mouth rests: nothing has to be rendered for them."""
    try:
        return _resting_chunks(uploads.rests(folder, job.id), job.frames)
    except OSError:  # reading its sound fails then too: that ends this job, and no other
        return frozenset()


@lru_cache(maxsize=128)
def _resting_chunks(path: Path, frames: int) -> frozenset[int]:
    rests = _rests(path)
    spans = [chunks.span(chunk, frames) for chunk in range(chunks.count(frames))] if len(rests) else []
    return frozenset(chunk for chunk, span in enumerate(spans) if rests[span.start : span.stop].all())


@lru_cache(maxsize=128)
def _rests(path: Path) -> NDArray[np.uint8]:
    """Return a byte for each of a job's frames, or none at all; the file is as old as the job."""
    return np.fromfile(path, np.uint8) if path.exists() else np.empty(0, np.uint8)


def _part(path: Path, frames: range, each: int) -> NDArray[np.int16]:
    """Return those frames of a decoded sound that has `each` samples a frame."""
    with path.open("rb", buffering=0) as file:
        file.seek(2 * frames.start * each)
        return np.frombuffer(file.read(2 * len(frames) * each), "<i2")
