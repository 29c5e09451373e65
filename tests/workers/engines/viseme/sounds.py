"""Sounds to speak: vowels made from formants, and recorded speech; 16 kHz, int16, whole frames."""

from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from latentsync.mel import find_maximum
from wire.media import FPS, MODEL_RATE_HZ, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Speech

Sound = NDArray[np.int16]

FORMANTS_HZ = {"a": (750, 1200, 2500, 3500), "i": (280, 2300, 3000, 3600), "u": (310, 850, 2250, 3400)}
"""The first formants of vowels, rounded from textbooks of phonetics."""
BANDWIDTHS_HZ = (60, 90, 120, 150)


def vowel(name: str, frames: int, pitch_hz: float = 120.0) -> Sound:
    """Return a steady vowel: the voice's harmonics, 6 dB less for each octave, through the formants."""
    t = np.arange(frames * MODEL_SAMPLES_PER_FRAME) / MODEL_RATE_HZ
    harmonics_hz = np.arange(pitch_hz, MODEL_RATE_HZ / 2, pitch_hz)
    levels = 1 / harmonics_hz
    for formant_hz, width_hz in zip(FORMANTS_HZ[name], BANDWIDTHS_HZ, strict=True):
        levels *= formant_hz**2 / np.abs(formant_hz**2 - harmonics_hz**2 + 1j * harmonics_hz * width_hz)
    heard = levels @ np.sin(2 * np.pi * harmonics_hz[:, None] * t)
    return to_int16(0.5 * heard / np.abs(heard).max())


def silence(frames: int) -> Sound:
    return np.zeros(frames * MODEL_SAMPLES_PER_FRAME, np.int16)


def noise(frames: int, level_db: float) -> Sound:
    """Return white noise of so many dB below full scale."""
    values = np.random.default_rng(7).standard_normal(frames * MODEL_SAMPLES_PER_FRAME)
    return to_int16(values * 10 ** (level_db / 20))


def to_int16(sound: NDArray[np.float64]) -> Sound:
    return np.asarray(np.round(np.clip(sound, -1, 1) * 32767), np.int16)


def recorded(path: Path, seconds: float) -> Sound:
    """Return the beginning of a sound file, whole frames."""
    resampler = AudioResampler("s16", "mono", MODEL_RATE_HZ)
    with av.open(str(path)) as file:
        frames: list[AudioFrame] = [
            part for frame in file.decode(audio=0) for part in resampler.resample(frame)
        ]
    heard: Sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return heard[: round(seconds * FPS) * MODEL_SAMPLES_PER_FRAME]


def speech_of(sound: Sound) -> Speech:
    """Return a whole job as one chunk."""
    return Speech.alone(sound, len(sound) // MODEL_SAMPLES_PER_FRAME, find_maximum(sound))


def loudness(sound: Sound) -> NDArray[np.float64]:
    """Return the root mean square of each frame, lightly smoothed, `(frames,)`."""
    frames = sound.reshape(-1, MODEL_SAMPLES_PER_FRAME).astype(np.float64)
    return np.convolve(np.sqrt((frames**2).mean(axis=1)), (0.25, 0.5, 0.25), mode="same")
