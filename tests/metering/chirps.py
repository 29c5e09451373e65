"""Sound that tells where in which job it belongs: every chunk is a chirp of its own. Pure."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from wire.chunks import count, span
from wire.media import AIR_RATE_HZ, SAMPLES_PER_FRAME, frames_of

LOUDNESS = 12_000
"""Peak of the chirps, in steps of int16."""
LOW_HZ, HIGH_HZ = 300.0, 6000.0
SWEEP_HZ = 2000.0
"""A chirp covers so much at least: a fifth of it tells time to 2 ms."""


def speech(seed: int, seconds: float) -> NDArray[np.int16]:
    """Return `(seconds * 48000,)` int16: a chirp a chunk, other ones for another `seed`."""
    samples = round(seconds * AIR_RATE_HZ)
    frames = frames_of(samples)
    chunks = (span(chunk, frames) for chunk in range(count(frames)))
    joined = np.concatenate([_chirp(seed, i, len(chunk)) for i, chunk in enumerate(chunks)])
    return joined[:samples]


def wav(sound: NDArray[np.int16]) -> bytes:
    """Return `sound` as a WAV file, 48 kHz mono: posted, it comes back sample by sample."""
    with io.BytesIO() as file:
        with wave.open(file, "wb") as out:
            out.setparams((1, 2, AIR_RATE_HZ, 0, "NONE", ""))
            out.writeframes(sound.astype("<i2").tobytes())
        return file.getvalue()


def _chirp(seed: int, chunk: int, frames: int) -> NDArray[np.int16]:
    """A sweep between two pitches drawn by lot, far enough apart."""
    lot = np.random.default_rng([seed, chunk])
    start, end = lot.uniform(LOW_HZ, HIGH_HZ, 2)
    while abs(end - start) < SWEEP_HZ:
        start, end = lot.uniform(LOW_HZ, HIGH_HZ, 2)
    t = np.arange(frames * SAMPLES_PER_FRAME) / AIR_RATE_HZ
    phase = 2 * np.pi * (start * t + (end - start) / (2 * t[-1]) * t**2)
    return np.asarray(LOUDNESS * np.sin(phase), np.int16)
