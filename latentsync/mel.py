"""The log-mel spectrogram that Whisper hears, 100 frames a second, cut from any part of a long sound. Pure.

A frame's value depends on the sound around it and on one number from the whole sound: the loudest point of
its spectrogram. `find_maximum` reads that once, piece by piece; `log_mel` then gives any stretch of frames.
Sounds are `(samples,)` at 16 kHz, int16 or float32 of -1 to 1; a memory map will do, only parts are read.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
HOP_SAMPLES = 160
BANDS = 80

_WINDOW_SAMPLES = 400
_HALF_WINDOW = _WINDOW_SAMPLES // 2
_PIECE_FRAMES = 3000  # 30 s: some 30 MB while a piece is worked on
_FLOOR = 1e-10
_RANGE = 8.0  # decades below the maximum that are kept

Sound = NDArray[np.int16] | NDArray[np.float32]


def frames_of(samples: int) -> int:
    """Return how many mel frames a sound of `samples` samples has: whole hops only."""
    return samples // HOP_SAMPLES


def find_maximum(sound: Sound) -> float:
    """Return the largest log10 of power in any mel frame and band; -10 for a sound without frames."""
    return max((float(piece.max()) for piece in _pieces(sound)), default=float(np.log10(_FLOOR)))


def log_mel(
    samples: Sound, maximum: float | None = None, first: int = 0, frames: int | None = None
) -> NDArray[np.float32]:
    """Return mel frames `first` to `first + frames` (by default: to the end) of a sound.

    Args:
        samples: the whole sound, or a part of it if `maximum` is given and the frames lie well inside.
        maximum: what `find_maximum` says of the whole sound; by default it is found in `samples`.
    Returns:
        `(80, frames)`: `(log10 power + 4) / 4`, nothing more than 2 below the sound's largest value.
    Raises:
        ValueError: the sound has no such frames.
    """
    ends = frames_of(len(samples)) if frames is None else first + frames
    if not 0 <= first <= ends <= frames_of(len(samples)):
        raise ValueError(f"mel frames {first} to {ends} asked of a sound of {frames_of(len(samples))}")
    loudest = find_maximum(samples) if maximum is None else maximum
    starts = range(first, ends, _PIECE_FRAMES)
    pieces = [_log_power(samples, start, min(_PIECE_FRAMES, ends - start)) for start in starts]
    power = np.concatenate([np.empty((BANDS, 0), np.float32), *pieces], axis=1)
    return np.asarray((np.maximum(power, loudest - _RANGE) + 4) / 4, np.float32)


def _pieces(sound: Sound) -> Iterator[NDArray[np.float32]]:
    total = frames_of(len(sound))
    for first in range(0, total, _PIECE_FRAMES):
        yield _log_power(sound, first, min(_PIECE_FRAMES, total - first))


def _log_power(sound: Sound, first: int, frames: int) -> NDArray[np.float32]:
    heard = _stretch(sound, first * HOP_SAMPLES - _HALF_WINDOW, (frames - 1) * HOP_SAMPLES + _WINDOW_SAMPLES)
    windows = np.lib.stride_tricks.sliding_window_view(heard, _WINDOW_SAMPLES)[::HOP_SAMPLES]
    power = np.abs(np.fft.rfft(windows * _hann())) ** 2
    return np.asarray(np.log10(np.maximum(filter_bank() @ power.T, _FLOOR)), np.float32)


def _stretch(sound: Sound, start: int, samples: int) -> NDArray[np.float64]:
    """Cut samples out of a sound that is mirrored at both ends, as the published spectrogram has it."""
    turn = max(1, 2 * len(sound) - 2)
    places = np.arange(start, start + samples) % turn
    places = np.minimum(places, turn - places)
    lowest = int(places.min())
    part = sound[lowest : int(places.max()) + 1]
    scale = 1 / 32768 if part.dtype == np.int16 else 1.0
    return np.asarray(part[places - lowest], np.float64) * scale


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float64]:
    return np.asarray(np.hanning(_WINDOW_SAMPLES + 1)[:-1])


@lru_cache(maxsize=1)
def filter_bank() -> NDArray[np.float64]:
    """Return the weights of the FFT's bins in each mel band, `(80, 201)`: triangles on Slaney's scale.

    Each triangle reaches from its lower neighbour's peak to its upper neighbour's, and has the same area.
    """
    peaks = _to_hz(np.linspace(0.0, _to_mel(RATE_HZ / 2), BANDS + 2))
    bins = np.fft.rfftfreq(_WINDOW_SAMPLES, 1 / RATE_HZ)
    low, peak, high = (edge[:, None] for edge in (peaks[:-2], peaks[1:-1], peaks[2:]))
    rise, fall = (bins - low) / (peak - low), (high - bins) / (high - peak)
    return np.asarray(np.maximum(0.0, np.minimum(rise, fall)) * 2 / (high - low))


# Slaney's scale: linear up to 1 kHz, 15 mels there, then 27 mels for each factor of 6.4.
_LINEAR_HZ = 200 / 3
_BREAK_HZ, _BREAK_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27


def _to_mel(hz: float) -> float:
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP) if hz > _BREAK_HZ else hz / _LINEAR_HZ


def _to_hz(mel: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    bent = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel > _BREAK_MEL, bent, _LINEAR_HZ * mel)
