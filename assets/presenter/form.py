"""The face's form: how far each point stands out towards the viewer, in millimetres."""

import numpy as np

from assets.presenter.canvas import Canvas, Plane, plane
from assets.presenter.shapes import Mound, fill, inflate, mirrored, mounds, soften, spline

# Tables read best in rows.
# fmt: off
OUTLINE = mirrored(
    [
        (0, -100), (34, -94), (56, -70), (64, -36), (66, -6), (65.5, 20),
        (62, 44), (55.5, 66), (45.5, 85), (31, 100), (15, 108.5), (0, 110.5),
    ]
)
# The nose in profile: millimetres below the eyes, and how far it stands out there.
PROFILE = (
    (-26, -14, -4, 10, 28, 39, 45, 51, 57),
    (0, 1.2, 2.8, 6.5, 12, 15, 12.2, 4, 0),
)
TIP_AND_WINGS: tuple[Mound, ...] = ((3.0, 0, 38.5, 7.5, 6.5, 0), (4.4, 11.5, 43.2, 4.6, 4.4, 0))
FEATURES: tuple[Mound, ...] = (
    (-8.0, 31, -2, 15, 9.5, 0),  # eye sockets
    (-1.6, 14, -3, 5, 8, 0),  # beside the root of the nose
    (5.6, 32, 0.5, 11.5, 7.5, 0),  # eyeballs under the lids
    (2.4, 30, -20, 20, 6, -0.08),  # brow bones
    (2.2, 0, -48, 36, 24, 0),  # forehead
    (5.8, 38, 26, 16, 13, 0),  # cheekbones
    (-1.3, 45, 62, 13, 15, 0),  # below them
    (-0.9, 26, 54, 4.2, 11, 0.42),  # from the nose to the corners of the mouth
    (4.2, 0, 67, 21, 13, 0),  # the teeth under the lips
    (-0.8, 0, 56, 2.4, 4.5, 0),  # groove below the nose
    (2.3, 0, 73.5, 13, 3.4, 0),  # lower lip
    (1.5, 7, 63.5, 8, 2.4, 0),  # upper lip
    (-1.5, 0, 67.6, 19, 1.3, 0),  # between them
    (-1.2, 28.5, 66.5, 3.6, 4.0, 0),  # corners of the mouth
    (-2.6, 0, 84.5, 13, 4.0, 0),  # above the chin
    (5.4, 0, 99, 14, 8.5, 0),  # chin
)
# fmt: on


def face_height(canvas: Canvas) -> Plane:
    """Return the height of the whole face."""
    return soften(skull(canvas) + nose(canvas) + mounds(canvas, FEATURES), 0.8 * canvas.scale)


def skull(canvas: Canvas) -> Plane:
    """Return the head's round, turned in along the jaw."""
    ball = 1 - np.abs(canvas.x / 75) ** 2.2 - np.abs((canvas.y - 2) / 126) ** 2.5
    jaw = inflate(canvas, fill(canvas, spline(OUTLINE, closed=True)), 15)
    low = 1 / (1 + np.exp(-(canvas.y - 48) / 11))
    return plane(70 * np.sqrt(np.clip(ball, 0, None)) + 0.42 * jaw * low)


def nose(canvas: Canvas) -> Plane:
    """Return the nose alone, as it stands on the face."""
    profile = soften(plane(np.interp(canvas.y, *PROFILE)), 2.4 * canvas.scale)
    wide = 6.2 + 3.6 * np.clip((canvas.y + 12) / 50, 0, 1)
    ridge = profile * np.exp(-((canvas.x / wide) ** 2) / 2)
    return plane(ridge + mounds(canvas, TIP_AND_WINGS))
