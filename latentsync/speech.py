"""A sound file, as the model hears it and as viewers do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.audio import AudioFrame, AudioStream
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from numpy.typing import NDArray

from latentsync.errors import UnreadableSoundError
from latentsync.mel import HOP_SAMPLES, RATE_HZ

SAMPLES_MIN = 2 * HOP_SAMPLES
"""Of what the model can hear: 20 ms."""


def read_speech(file: Path) -> NDArray[np.int16]:
    """Return a whole sound as the model hears it: `(samples,)`, 16 kHz mono.

    Raises:
        UnreadableSoundError: it is missing, no sound, shorter than 20 ms, or damaged.
    """
    parts = [frame.to_ndarray()[0] for frame in decode(file, "s16", "mono", RATE_HZ)]
    samples = sum(len(part) for part in parts)
    if samples < SAMPLES_MIN:
        raise UnreadableSoundError(f"{file} holds {samples / RATE_HZ:g} s of sound; 0.02 s can be spoken.")
    return np.concatenate(parts)


def decode(file: Path, format: str, layout: str, rate_hz: int) -> Iterator[AudioFrame]:
    """Yield all of a sound in the form given, in libav's words, end to end whatever times the file has.

    Raises:
        UnreadableSoundError: it is missing, no sound, or damaged.
    """
    resampler = AudioResampler(format, layout, rate_hz)
    with _opened(file) as (container, stream):
        for frame in container.decode(stream):
            frame.pts = None
            yield from resampler.resample(frame)
        yield from resampler.resample(None)


def rate_and_channels(file: Path) -> tuple[int, int]:
    """Return a sound's rate in Hz, and how many channels it has.

    Raises:
        UnreadableSoundError: it is missing, or no sound.
    """
    with _opened(file) as (_, stream):
        return stream.rate, stream.channels


@contextmanager
def _opened(file: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    if not file.is_file():
        raise UnreadableSoundError(f"{file} is not a file; give the path of a sound.")
    try:
        with av.open(f"file:{file}", metadata_errors="replace") as container:
            if not container.streams.audio:
                raise UnreadableSoundError(f"{file} holds no sound.")
            yield container, container.streams.audio[0]
    except (av.FFmpegError, ValueError) as error:
        raise UnreadableSoundError(f"{file} is not a sound that can be read ({error}).") from error
