"""The eyebrows: fine hairs over a soft shade."""

import numpy as np

from assets.presenter.canvas import Canvas, Points
from assets.presenter.paint import Picture, lay, rgb
from assets.presenter.shapes import fill, flip, spline, threads

TOP = ((12.5, -23.8), (21, -26.4), (32, -29.2), (44, -28.4), (54.5, -21.8))
BOTTOM = ((12.8, -19.6), (21.5, -21.8), (32, -25.0), (44, -25.2), (54.5, -21.8))
HAIRS = 240


def draw_brows(canvas: Canvas, picture: Picture) -> None:
    top, bottom = spline(TOP), spline(BOTTOM)
    thinning = np.clip((np.abs(canvas.x) - 9) / 14, 0, 1)  # towards the nose
    for side in (1, -1):
        random = np.random.default_rng(5)
        shade = fill(canvas, flip(np.vstack([top, bottom[::-1]]), side), 1.2)
        lay(picture, shade * thinning, rgb("573322"), 0.74)
        hairs = [flip(hair(top, bottom, random), side) for _ in range(HAIRS)]
        mask = threads(canvas, hairs, 0.18, random.uniform(0.35, 1.0, HAIRS).tolist())
        lay(picture, mask * (0.3 + 0.7 * thinning), rgb("3b2217"), 0.45)


def hair(top: Points, bottom: Points, random: np.random.Generator) -> Points:
    """Return a hair somewhere in the brow: it rises at the nose and lies flat at the temple."""
    along, down = random.random(2)
    at = int(along * (len(top) - 1))
    root = top[at] * (1 - down) + bottom[at] * down
    turn = -0.95 + 1.15 * along + 0.4 * (down - 0.5) + random.normal(0, 0.08)
    length = random.uniform(2.6, 5.2) * (1 - 0.35 * along)
    return np.stack([root, root + length * np.array([np.cos(turn), np.sin(turn)])])
