"""The blouse and the pendant over it."""

import numpy as np

from assets.presenter.canvas import Canvas, plane
from assets.presenter.light import Studio, cloth_light
from assets.presenter.paint import Picture, lay, rgb, shaded, shadow
from assets.presenter.shapes import Mound, bump, fill, inflate, mounds, spline, stroke

IVORY, SKIN_SHADE = rgb("f6f0e4"), rgb("7a4636")
NECKLINE = ((-52, 158), (-34, 186), (0, 204), (34, 186), (52, 158))
OUTLINE = ((-70, 300), (-66, 168), *NECKLINE, (66, 168), (70, 300))
FOLDS: tuple[Mound, ...] = (
    (1.3, -16, 226, 3.2, 26, 0.16),
    (1.2, 20, 228, 3.2, 26, -0.22),
    (0.7, -3, 214, 3.2, 26, 0),
)
CHAIN = ((-45, 150), (-32, 170), (-14, 184), (0, 188), (14, 184), (32, 170), (45, 150))
PENDANT = (0.0, 190.0, 2.5)  # centre and radius


def draw_blouse(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    mask, edge = fill(canvas, OUTLINE, 0.3), spline(NECKLINE)
    height = plane(1.5 * inflate(canvas, mask, 20) + mounds(canvas, FOLDS))
    light = cloth_light(canvas, height, lamps) * (1 - 0.0020 * np.clip(canvas.y - 190, 0, 90))
    shadow(picture, stroke(canvas, edge, 5, 2.0), SKIN_SHADE, 0.40)
    lay(picture, mask, shaded(IVORY, np.clip(light, 0, 1.02)))
    lay(picture, stroke(canvas, edge, 1.1, 0.4), rgb("fffaf0"), 0.6)


def draw_pendant(canvas: Canvas, picture: Picture) -> None:
    chain, (x, y, radius) = spline(CHAIN), PENDANT
    shadow(picture, stroke(canvas, np.add(chain, (0.6, 1.0)), 0.9, 0.6), SKIN_SHADE, 0.5)
    lay(picture, stroke(canvas, chain, 0.6, 0.2), rgb("e3c07a"), 0.85)
    shadow(picture, bump(canvas, x + 0.8, y + 1.6, 2.6, 2.4), SKIN_SHADE, 0.5)
    lay(picture, plane(np.clip((radius - np.hypot(canvas.x - x, canvas.y - y)) / 0.5, 0, 1)), rgb("d9b267"))
    lay(picture, bump(canvas, x - 0.8, y - 0.8, 0.8, 0.8), rgb("fff6de"), 0.9)
