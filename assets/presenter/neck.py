"""Neck and chest, in the shadow of the chin: its edge makes the jaw's drop read."""

import numpy as np

from assets.presenter.canvas import Canvas, Plane, plane
from assets.presenter.light import Studio, lit, normals
from assets.presenter.paint import Picture, lay
from assets.presenter.shapes import Mound, fill, inflate, mirrored, mounds, soften, spline
from assets.presenter.skin import complexion

OUTLINE = mirrored([(0, 40), (39, 60), (38.5, 108), (41, 134), (52, 152), (96, 170), (96, 250), (0, 250)])
COLUMN = mirrored([(0, 20), (41, 20), (40, 105), (46, 150), (52, 250), (0, 250)])
SHADOW = ((-50, 50), (-46, 100), (-24, 124), (2, 133), (30, 124), (48, 98), (50, 50))
FORM: tuple[Mound, ...] = (
    (2.6, 19, 136, 4.5, 24, 0.34),  # the muscles from behind the ears
    (-3.0, 0, 164, 9, 8, 0),  # the hollow between the collar bones
    (2.4, 42, 166, 30, 4.5, 0.10),  # the collar bones
)


def draw_neck(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    field = normals(canvas, soften(neck_height(canvas), canvas.scale))
    shade = fill(canvas, spline(SHADOW, closed=True), 5.5)
    light = np.clip(0.95 * lit(field, lamps) * (1 - 0.76 * shade), 0, 1)
    lay(picture, fill(canvas, spline(OUTLINE, closed=True), 0.4), complexion(plane(light)))


def neck_height(canvas: Canvas) -> Plane:
    column = inflate(canvas, fill(canvas, spline(COLUMN, closed=True)), 46)
    return plane(0.8 * column + mounds(canvas, FORM))
