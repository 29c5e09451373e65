"""How much of a job's sound comes with each chunk. Pure."""

from functools import lru_cache

from latentsync.mel import frames_of
from latentsync.spans import cut_spans, heard, needed, positions_of, rows_of
from wire.media import CONTEXT_FRAMES, MODEL_SAMPLES_PER_FRAME
from wire.workers import family


@lru_cache(maxsize=1024)
def stretch(engine: str, span: range, job_frames: int) -> range:
    """Return the frames whose sound is to come with the chunk of frames `span`, for the engine that is named.

    LatentSync hears its sound in windows of 30 s, any other engine `CONTEXT_FRAMES` around the chunk.
    """
    if family(engine) != "latentsync":
        return range(max(0, span.start - CONTEXT_FRAMES), min(job_frames, span.stop + CONTEXT_FRAMES))
    samples = job_frames * MODEL_SAMPLES_PER_FRAME
    mel_frames = frames_of(samples)
    rows = rows_of(span, positions_of(mel_frames))
    windows = needed(cut_spans(mel_frames), int(rows.min()), int(rows.max()) + 1)
    start, stop = heard(windows[0], samples).start, heard(windows[-1], samples).stop
    return range(start // MODEL_SAMPLES_PER_FRAME, min(job_frames, -(-stop // MODEL_SAMPLES_PER_FRAME)))
