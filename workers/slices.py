"""One chunk's part of a job's decoded sound."""

from pathlib import Path

from wire import chunks, uploads
from wire.jobs import Job
from wire.media import MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME
from wire.supply import ChunkSound
from workers.hearing import stretch
from workers.sound import read


def cut(folder: Path, job: Job, chunk: int, engine: str) -> ChunkSound:
    """Return the chunk's sound for the air, and, with what lies around it, for the engine that is named.

    Raises:
        OSError: the decoded sound is not in the uploads `folder`.
    """
    span = chunks.span(chunk, job.frames)
    near = stretch(engine, span, job.frames)
    air = read(uploads.air(folder, job.id))[span.start * SAMPLES_PER_FRAME : span.stop * SAMPLES_PER_FRAME]
    heard = read(uploads.heard(folder, job.id))
    around = heard[near.start * MODEL_SAMPLES_PER_FRAME : near.stop * MODEL_SAMPLES_PER_FRAME]
    return ChunkSound(air, around, span.start - near.start)
