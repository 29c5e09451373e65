"""One chunk's part of a job's decoded sound."""

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
    return ChunkSound(air, around, span.start - near.start)


def _part(path: Path, frames: range, each: int) -> NDArray[np.int16]:
    """Return those frames of a decoded sound that has `each` samples a frame."""
    with path.open("rb", buffering=0) as file:
        file.seek(2 * frames.start * each)
        return np.frombuffer(file.read(2 * len(frames) * each), "<i2")
