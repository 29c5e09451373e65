"""How far sound lies from where it should be, found by comparing what was sent with what is heard. Pure."""

import numpy as np
from numpy.typing import NDArray

from wire.media import AIR_RATE_HZ

REACH_S = 0.5
"""Sound that lies further off is not found."""
LEVEL_MIN = 100.0
"""Root mean square, in steps of int16: of what is quieter nothing can be told."""
LIKE_MIN = 0.7
"""What was sent and encoded is as like itself as 0.95 and more, speech a moment off as 0.5 at most."""
TWIN = 0.98
"""Places as like as the best but for so much are taken for the same: a hum is like itself at each swing."""
_STEP = 2
"""So many samples are taken as one: steps as long as half a swing would hide that two sounds are alike."""

Samples = NDArray[np.float32]


def offset_s(sent: Samples, heard: Samples) -> float | None:
    """Return by how many seconds `heard` lies later than it should; None if it is found nowhere.

    Args:
        sent: sound at 48 kHz, `REACH_S` before the time of `heard` to `REACH_S` after it; zeros where there
            was none.
        heard: at 48 kHz, in the same steps.
    """
    whole, part = _coarse(sent), _coarse(heard)
    likeness = _likeness(whole, part)
    best = float(likeness.max())
    if best < LIKE_MIN:
        return None
    reach = round(REACH_S * AIR_RATE_HZ / _STEP)
    # what was sent later than the time at which it is heard has come too soon
    early = np.flatnonzero(likeness >= TWIN * best) - reach
    return float(-early[np.abs(early).argmin()]) * _STEP / AIR_RATE_HZ


def is_quiet(sound: Samples) -> bool:
    """Return whether there is too little of sound to tell where it lies."""
    return len(sound) == 0 or float(np.sqrt(np.mean(sound**2))) < LEVEL_MIN


def _coarse(sound: Samples) -> Samples:
    whole = len(sound) // _STEP * _STEP
    return np.asarray(sound[:whole].reshape(-1, _STEP).mean(axis=1), np.float32)


def _likeness(whole: Samples, part: Samples) -> Samples:
    """Return how like `part` is to the `whole` from each place on: 1 where but the loudness differs."""
    size = 1 << (len(whole) + len(part)).bit_length()
    spectra = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    products = np.fft.irfft(spectra, size)[: len(whole) - len(part) + 1]
    sums = np.concatenate([[0.0], np.cumsum(np.square(whole, dtype=np.float64))])
    energies = np.maximum(sums[len(part) :] - sums[: -len(part)], 0.0)
    floor = LEVEL_MIN**2 * len(part)  # of a place that is nearly silent nothing is like anything
    return np.asarray(products / np.sqrt(np.maximum(energies, floor) * np.sum(part**2)), np.float32)
