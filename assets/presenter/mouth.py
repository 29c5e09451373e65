"""The lips, closed: a clear parting line between smooth skin."""

import numpy as np

from assets.presenter.canvas import Canvas, Plane
from assets.presenter.paint import Picture, lay, rgb, shaded
from assets.presenter.shapes import bump, bumps, fill, spline, stroke

UPPER = ((-25.8, 64.7), (-14, 61.9), (-5, 59.8), (0, 61.2), (5, 59.8), (14, 61.9), (25.8, 64.7))
PARTING = ((-25.8, 64.7), (-14, 67.2), (-5, 67.2), (0, 68.0), (5, 67.2), (14, 67.2), (25.8, 64.7))
LOWER = ((-25.8, 64.7), (-17, 71.6), (-8, 76.2), (0, 77.0), (8, 76.2), (17, 71.6), (25.8, 64.7))


def draw_mouth(canvas: Canvas, picture: Picture, light: Plane) -> None:
    """Draw closed lips under the face's own light."""
    upper, parting, lower = spline(UPPER), spline(PARTING), spline(LOWER)
    above = fill(canvas, np.vstack([upper, parting[::-1]]), 0.55)
    below = fill(canvas, np.vstack([parting, lower[::-1]]), 0.6)
    lay(picture, above, shaded(rgb("c25856"), 0.42 + 0.62 * light), 0.78)
    lay(picture, below, shaded(rgb("d66f6b"), 0.46 + 0.66 * light), 0.76)
    lay(picture, below * bump(canvas, -4, 72.2, 8.5, 1.7), rgb("ffe2da"), 0.34)
    lay(picture, above * bumps(canvas, 6, 61.6, 5, 1.1), rgb("ffe2da"), 0.14)
    lay(picture, stroke(canvas, parting, 1.15, 0.4, (0.4, 1, 1, 1, 0.4)), rgb("5a1c1e"), 0.8)
    lay(picture, bumps(canvas, 26.9, 64.2, 1.8, 1.5), rgb("74332a"), 0.34)
    lay(picture, bump(canvas, 0, 80.6, 10, 1.7), rgb("8a4638"), 0.22)
