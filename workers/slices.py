"""One chunk's part of a job's decoded sound."""

from pathlib import Path

from wire import chunks, uploads
from wire.jobs import Job
from wire.media import CONTEXT_FRAMES, MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME
from wire.supply import ChunkSound
from workers.sound import read


def cut(folder: Path, job: Job, chunk: int) -> ChunkSound:
    """Return the chunk's sound for the air, and, with what lies around it, for the engine.

    Raises:
        OSError: the decoded sound is not in the uploads `folder`.
    """
    span = chunks.span(chunk, job.frames)
    first = max(0, span.start - CONTEXT_FRAMES)
    after = min(job.frames, span.stop + CONTEXT_FRAMES)
    air = read(uploads.air(folder, job.id))[span.start * SAMPLES_PER_FRAME : span.stop * SAMPLES_PER_FRAME]
    heard = read(uploads.heard(folder, job.id))
    around = heard[first * MODEL_SAMPLES_PER_FRAME : after * MODEL_SAMPLES_PER_FRAME]
    return ChunkSound(air, around, span.start - first)
