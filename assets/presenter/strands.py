"""Single hairs: where each strand of a lock lies and how it is lit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.presenter.canvas import Points
from assets.presenter.hairstyle import Fall
from assets.presenter.light import Studio
from assets.presenter.paint import rgb
from assets.presenter.shapes import resample, spline

STEPS = 96
BASE, GLOSS = rgb("633b26"), rgb("ecb985")
SHARPNESS = 28

Values = NDArray[np.float64]  # (strands, STEPS)
Paths = NDArray[np.float64]  # (strands, STEPS, 2), millimetres
ALONG = np.linspace(0, 1, STEPS)  # from root to end


@dataclass(frozen=True, slots=True)
class Lock:
    """Strands that lie together."""

    paths: Paths
    colours: NDArray[np.float64]  # (strands, STEPS, 3)
    ends: NDArray[np.float64]  # (strands,): the share of its path that each one reaches


def guides(fall: Fall) -> tuple[Points, Points]:
    return resample(spline(fall.inner), STEPS), resample(spline(fall.outer), STEPS)


def lock(fall: Fall, middle: float, lamps: Studio, random: np.random.Generator) -> Lock:
    """Return the lock of a fall that lies about a share `middle` of the way from guide to guide."""
    place = np.clip(random.normal(0, 0.45, fall.strands), -1.1, 1.1)
    paths = comb(fall, middle, place, random)
    round_ = 0.72 + 0.34 * np.sqrt(1 - (place / 1.35) ** 2)
    tone = fall.tone * random.normal(1, 0.10) * round_ * random.normal(1, 0.10, fall.strands)
    ends = random.uniform(0.95, 1.0) - 0.14 * np.abs(place) - 0.06 * random.random(fall.strands)
    return Lock(paths, colour(paths, tone, lamps), ends)


def comb(fall: Fall, middle: float, place: Values, random: np.random.Generator) -> Paths:
    """Return the paths of strands with these places in their lock (-1..1 of half its width)."""
    inner, outer = guides(fall)
    gather = 1 - 0.45 * ALONG**2
    share = (middle + 1.25 / fall.locks * place[:, None] * gather)[..., None]
    paths = (
        inner * (1 - share) + outer * share + swing(fall.wave, 1.4 * np.pi * middle + random.normal(0, 0.35))
    )
    drift = random.normal(0, fall.loose, (fall.strands, 1, 2)) * np.sin(0.8 * np.pi * ALONG)[:, None]
    return np.asarray(paths + drift + random.normal(0, 0.35, (fall.strands, 1, 2)))


def swing(size: float, phase: float) -> Points:
    """Return how a wave moves a strand to the side, `(STEPS, 2)`; it sets in below the temples."""
    onset = np.clip((ALONG - 0.3) / 0.4, 0, 1)
    wave = size * np.sin(2 * np.pi * 1.55 * ALONG + phase) * onset**2 * (3 - 2 * onset)
    return np.asarray(wave[:, None] * np.array([1.0, 0.25]))


def colour(paths: Paths, tone: NDArray[np.float64], lamps: Studio) -> NDArray[np.float64]:
    matt, gloss = sheen(paths, lamps)
    root = tone[:, None] * (1 - 0.28 * np.exp(-ALONG / 0.04))
    light = root * (0.46 + 0.58 * matt) * (1 - 0.22 * ALONG**3)
    shine = 0.30 * root * gloss * (1 - 0.7 * ALONG)
    return np.asarray(np.clip(BASE * light[..., None] + GLOSS * shine[..., None], 0, 1), np.float64)


def sheen(paths: Paths, lamps: Studio) -> tuple[Values, Values]:
    """Return matt light and gloss along strands, by Kajiya and Kay's model of a lit fibre."""
    way = np.gradient(np.dstack([paths, head_depth(paths)]), axis=1)
    way /= np.linalg.norm(way, axis=2, keepdims=True)
    half = lamps.key.towards + np.array([0, 0, 1])
    across_lamp = np.sqrt(1 - (way @ lamps.key.towards) ** 2)
    across_half = np.sqrt(1 - (way @ (half / np.linalg.norm(half))) ** 2)
    return across_lamp, across_half**SHARPNESS


def head_depth(paths: Paths) -> Values:
    """Return how far the head's round stands out under each point, in millimetres."""
    x, y = paths[..., 0] / 112, np.minimum(paths[..., 1] + 12, 0) / 118
    return np.asarray(88 * np.sqrt(np.clip(1 - x**2 - y**2, 0.01, 1)))
