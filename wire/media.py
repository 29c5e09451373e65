"""The stream's fixed rates, agreed by every process."""

FPS = 25
"""Frames a second, of the stream and of prepared avatars."""

AIR_RATE_HZ = 48_000
"""Sampling rate of the sound that is sent: 16-bit mono."""

MODEL_RATE_HZ = 16_000
"""Sampling rate of the sound that engines hear: 16-bit mono."""

SAMPLES_PER_FRAME = AIR_RATE_HZ // FPS
"""Samples on air during one frame: 1920."""

MODEL_SAMPLES_PER_FRAME = MODEL_RATE_HZ // FPS
"""Samples an engine hears for one frame: 640."""

CONTEXT_FRAMES = 10
"""Frames of sound before and after a chunk that an engine hears with it (0.4 s): half a formant window,
the mouth's smoothing and the look-ahead of co-articulation lie within."""

CHUNK_FRAMES = 25
"""Frames of every chunk of a job but the first and last: one second."""

BATCH_FRAMES = 5
"""Frames in one stream entry: 0.2 s, a compromise of delay and overhead."""


def frames_of(samples: int) -> int:
    """Return how many frames `samples` of 48 kHz sound take: a started frame counts."""
    return -(-samples // SAMPLES_PER_FRAME)
