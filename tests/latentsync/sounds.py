"""Small sound files for the tests."""

import wave
from pathlib import Path

import numpy as np


def write_tone(file: Path, seconds: float, rate_hz: int = 44_100, channels: int = 2, hz: float = 440) -> Path:
    """Write a WAV of a tone, 16 bits a sample."""
    samples = round(seconds * rate_hz)
    tone = 0.5 * np.sin(2 * np.pi * hz * np.arange(samples) / rate_hz)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes((tone * 32767).astype("<i2")[:, None].repeat(channels, axis=1).tobytes())
    return file
