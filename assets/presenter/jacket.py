"""The jacket: its two halves, collar and lapels, and the microphone clipped to one."""

import numpy as np

from assets.presenter.canvas import Canvas, Plane, Points, plane
from assets.presenter.light import Studio, cloth_light, fall, normals
from assets.presenter.paint import Picture, grain, lay, rgb, shaded, shadow
from assets.presenter.shapes import bump, fill, flip, inflate, soften, spline, stroke

CLOTH, LAPEL_CLOTH, DARK = rgb("264c68"), rgb("2c5874"), rgb("0b1a26")
# A curve's points read best in rows.
# fmt: off
# One half: from the neck along the shoulder, down the arm, back up the front edge.
HALF = (
    (47, 140), (62, 146), (98, 154), (140, 162), (172, 172), (196, 188), (210, 212), (218, 246),
    (224, 300), (60, 300), (10, 300), (14, 262), (34, 216), (46, 176), (46, 152),
)
COLLAR = ((46, 139), (58, 143), (74, 154), (84, 172), (86, 190), (66, 196), (54, 178), (47, 160))
LAPEL = (
    (54, 178), (66, 196), (80, 193), (98, 190), (94, 206), (72, 244), (44, 280), (12, 300),
    (10, 286), (22, 250), (38, 212),
)
SEAM = ((160, 300), (154, 252), (158, 214), (170, 184), (178, 175))
# Round of the sleeve, chest, and the creases at the armpit: height, x, y, reach across and down, turn.
FOLDS = (
    (5.0, 190, 232, 13, 62, -0.10),
    (4.0, 104, 250, 34, 34, 0.0),
    (-1.6, 142, 246, 3.2, 30, 0.55),
    (-1.3, 130, 268, 3.0, 24, 0.75),
    (1.2, 150, 250, 4.0, 30, 0.50),
)
# fmt: on
MICROPHONE = ((-40.5, 232), (-36.5, 232), (-36.0, 247), (-41.0, 247))


def draw_jacket(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    weave = plane(0.012 * grain(canvas, 31, 0.31 * canvas.scale))
    for side in (1, -1):
        draw_half(canvas, picture, lamps, side, weave)
        for outline in (LAPEL, COLLAR):
            draw_leaf(canvas, picture, flip(outline, side), lamps, weave)


def draw_half(canvas: Canvas, picture: Picture, lamps: Studio, side: int, weave: Plane) -> None:
    mask = fill(canvas, flip(spline(HALF, closed=True), side), 0.4)
    height = plane(0.8 * inflate(canvas, mask, 42) + folds(canvas, side))
    light = cloth_light(canvas, soften(height, 1.5 * canvas.scale), lamps) * darker_below(canvas)
    light = light * (1 - 0.22 * np.clip((np.abs(canvas.x) - 158) / 60, 0, 1))
    light = light * (1 - 0.30 * stroke(canvas, flip(spline(SEAM), side), 2.6, 2.0, (1, 1, 0.8, 0.2)))
    lay(picture, mask, shaded(CLOTH, light + weave))
    lay(picture, plane(fall(normals(canvas, height), lamps.rim) ** 2 * mask), rgb("9cc4d8"), 0.30)


def folds(canvas: Canvas, side: int) -> Plane:
    parts = [
        rise * bump(canvas, side * x, y, wide, high, side * turn) for rise, x, y, wide, high, turn in FOLDS
    ]
    return plane(sum(parts))


def darker_below(canvas: Canvas) -> Plane:
    return plane(1 - 0.0017 * np.clip(canvas.y - 165, 0, 110))


def draw_leaf(canvas: Canvas, picture: Picture, outline: Points, lamps: Studio, weave: Plane) -> None:
    """Draw one leaf of collar or lapel with its shadow, its bright edge and its seam."""
    mask = fill(canvas, outline, 0.3)
    shadow(picture, fill(canvas, np.add(outline, (1.0, 3.0)), 2.6), DARK, 0.55)
    light = 0.14 + cloth_light(canvas, plane(0.55 * inflate(canvas, mask, 7)), lamps)
    lay(picture, mask, shaded(LAPEL_CLOTH, light * darker_below(canvas) + weave))
    edge = mask - fill(canvas, np.add(outline * 0.994, (0, 1.1)), 0.3)
    lay(picture, plane(np.clip(edge, 0, 1)), rgb("86b0c4"), 0.25)
    lay(picture, stroke(canvas, np.vstack([outline, outline[:1]]), 0.7, 0.3) * mask, DARK, 0.35)


def draw_microphone(canvas: Canvas, picture: Picture) -> None:
    shadow(picture, fill(canvas, np.add(MICROPHONE, (1.5, 1.5)), 1.2), DARK, 0.6)
    lay(picture, fill(canvas, MICROPHONE, 0.4), rgb("1b1e22"))
    head = np.clip((3.6 - np.hypot(canvas.x + 38.5, (canvas.y - 231) * 0.85)) / 0.5, 0, 1)
    lay(picture, plane(head), rgb("24272b"))
    lay(picture, bump(canvas, -39.6, 229.4, 1.0, 1.2), rgb("8f979e"), 0.8)
    lay(picture, stroke(canvas, [(-39.9, 235), (-39.7, 246)], 0.7, 0.3), rgb("70777d"), 0.6)
