"""What the mouth does while a sound is spoken: how far open, spread and rounded it is in each frame. Pure.

Five bands of the mel spectrogram stand for the formants. All filters have finite length and reach less than
`CONTEXT_FRAMES` to either side, so that a frame's values do not depend on where its chunk begins or ends.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from latentsync.mel import RATE_HZ, filter_bank, log_mel
from wire.media import CONTEXT_FRAMES, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Speech

Floats = NDArray[np.float32]

HOPS_A_FRAME = 4  # mel frames come each 10 ms

# The mouth is shut 34 dB below the job's loudest point: room noise lies there, and the ends of words fade.
SHUT_DB = -34.0
# Sound whose loudest point is lower than this (log10 of mel power) is judged as if that were its loudest: it
# is 27 dB under normal speech, so that hiss alone does not move the mouth.
QUIETEST = -1.0
# Vowels peak 5 to 10 dB below the loudest point of a job; they are to open the mouth well.
GAIN = 1.35

# Edges of the bands in Hz: the voice's fundamental and a low first formant (i, u, m); a high first formant or
# a low second (a, o, u); a middling second (a); a high second and the third (i, e); hiss (s, sh).
BANDS_HZ = (100.0, 475.0, 1000.0, 1750.0, 3300.0, 7500.0)

DIP_HOPS = 12  # a closed consonant lasts 50 to 120 ms
CLOSING_HOPS = 2  # lips close before the sound dips and part after it
DIP_DB = (9.0, 20.0)  # a valley this deep begins to close the lips, and closes them
RELEASE_HOPS = 14
RELEASE = 0.86  # of the opening is left 10 ms on: 65 ms to a third, about as fast as lips close
LIPS_HOPS = 4  # lips have mass: nothing is quicker than 50 ms
SHAPE_HOPS = 14  # lips take their shape over about 150 ms, and begin before the sound


@dataclass(frozen=True, slots=True)
class Mouth:
    """The mouth in consecutive frames. Each field is `(frames,)` float32, 0 to 1.

    `opening` is 0 with the lips closed and 1 as wide as speech opens them. `spread` and `rounded` are 0 at
    rest, and 1 for a clear /i/ or /u/.
    """

    opening: Floats
    spread: Floats
    rounded: Floats


def hear(speech: Speech) -> Mouth:
    """Return the mouth for each of the chunk's frames.

    Raises:
        ValueError: `speech` holds less sound than `lead` and `frames` say.
    """
    heard, needed = len(speech.samples), (speech.lead + speech.frames) * MODEL_SAMPLES_PER_FRAME
    if heard < needed:
        raise ValueError(f"{needed} samples are needed for the chunk, but {heard} came")
    log_power = _log_power(speech)
    bands = _bands_db(log_power)
    level_db = 10 * (log_power.max(axis=0) - max(speech.loudest, QUIETEST))
    opening = _opening(level_db, bands)
    weight = 10 ** (level_db / 20)
    return Mouth(
        _per_frame(opening, speech),
        _per_frame(_held(_spread(bands), weight), speech),
        _per_frame(_held(_rounded(bands), weight), speech),
    )


def _log_power(speech: Speech) -> Floats:
    """Return log10 mel power, `(80, hops)`, of the sound with `CONTEXT_FRAMES` of silence on both sides."""
    silence = np.zeros(CONTEXT_FRAMES * MODEL_SAMPLES_PER_FRAME, np.int16)
    padded = np.concatenate([silence, speech.samples, silence])
    return 4 * log_mel(padded, speech.loudest) - 4


def _bands_db(log_power: Floats) -> Floats:
    return np.asarray(10 * np.log10(_band_sums() @ 10**log_power), np.float32)


@lru_cache(maxsize=1)
def _band_sums() -> NDArray[np.float64]:
    filters = filter_bank()
    centres = filters @ np.linspace(0, RATE_HZ / 2, filters.shape[1]) / filters.sum(axis=1)
    low, high = np.array(BANDS_HZ)[:-1, None], np.array(BANDS_HZ)[1:, None]
    # the filters have the same area each, so that a wide one holds more power than it shows
    return np.where((centres >= low) & (centres < high), np.gradient(centres), 0.0)


def _opening(level_db: Floats, bands: Floats) -> Floats:
    shut = 10 ** (SHUT_DB / 40)
    loud = np.clip(GAIN * (10 ** (level_db / 40) - shut) / (1 - shut), 0, 1)
    jaw = 0.55 + 0.45 * _step(bands[1] - bands[0], -14, 2)
    hiss = 1 - 0.6 * _step(bands[4] - bands[:3].max(axis=0), -2, 8)
    wanted = _released(loud * jaw * hiss) * (1 - 0.9 * _dip(level_db))
    return _smoothed(wanted, LIPS_HOPS)


def _dip(level_db: Floats) -> Floats:
    """Return how far each hop lies in a short valley between louder sounds, 0 to 1."""
    level = np.maximum(level_db, SHUT_DB)
    padded = np.pad(level, DIP_HOPS, constant_values=SHUT_DB)
    windows = np.lib.stride_tricks.sliding_window_view(padded, DIP_HOPS + 1).max(axis=1)
    before, after = windows[: len(level)], windows[DIP_HOPS:]
    deep = np.pad(_step(np.minimum(before, after) - level, *DIP_DB), CLOSING_HOPS)
    return np.asarray(np.lib.stride_tricks.sliding_window_view(deep, 2 * CLOSING_HOPS + 1).max(axis=1))


def _released(wanted: Floats) -> Floats:
    """Let the opening fall no faster than lips do: the largest of what was wanted, each faded by its age."""
    padded = np.pad(wanted, (RELEASE_HOPS, 0))
    windows = np.lib.stride_tricks.sliding_window_view(padded, RELEASE_HOPS + 1)
    fade = RELEASE ** np.arange(RELEASE_HOPS, -1, -1, dtype=np.float32)
    return np.asarray((windows * fade).max(axis=1))


def _spread(bands: Floats) -> Floats:
    return _step(bands[3] - bands[1:3].max(axis=0), -14, 4)


def _rounded(bands: Floats) -> Floats:
    return _step(bands[1] - bands[2:4].max(axis=0), 4, 18)


def _held(shape: Floats, weight: Floats) -> Floats:
    """Smooth the lips' shape, loud sounds first; it fades to rest in silence."""
    weight = np.asarray(weight, np.float32)
    rest = np.float32(0.03)
    return _smoothed(shape * weight, SHAPE_HOPS) / (_smoothed(weight, SHAPE_HOPS) + rest)


def _smoothed(values: Floats, reach: int) -> Floats:
    window = np.hanning(2 * reach + 3)[1:-1].astype(np.float32)
    return np.convolve(values, window / window.sum(), mode="same")


def _step(values: Floats, low: float, high: float) -> Floats:
    part = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part), np.float32)


def _per_frame(values: Floats, speech: Speech) -> Floats:
    """Average the hops of each of the chunk's frames; the hops at a frame's two ends count half."""
    first = (CONTEXT_FRAMES + speech.lead) * HOPS_A_FRAME
    hops = np.lib.stride_tricks.sliding_window_view(values[first:], HOPS_A_FRAME + 1)[::HOPS_A_FRAME]
    weights = np.array([0.5, 1, 1, 1, 0.5], np.float32) / HOPS_A_FRAME
    return np.asarray(hops[: speech.frames] @ weights, np.float32)
