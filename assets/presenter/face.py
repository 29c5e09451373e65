"""The bare face: skin over its form, and the nose's dark places."""

import numpy as np

from assets.presenter.canvas import Canvas, Plane, plane
from assets.presenter.form import OUTLINE
from assets.presenter.light import Studio, gloss, hollows, lit, normals
from assets.presenter.paint import Colour, Picture, grain, lay, rgb
from assets.presenter.shapes import bump, bumps, fill, flip, soften, spline, stroke
from assets.presenter.skin import complexion

# Blood and shadow under the skin: place (on both sides where x > 0), reach, colour, strength.
TINTS = (
    (40.0, 32.0, 14.0, 11.0, "e2695c", 0.14),  # cheeks
    (0.0, 40.0, 9.0, 7.0, "dd6f5e", 0.16),  # tip of the nose
    (0.0, 100.0, 13.0, 8.0, "dc7d6a", 0.10),  # chin
    (31.0, -9.0, 14.0, 5.0, "a5604f", 0.17),  # above the eyes
    (30.0, 11.0, 12.0, 3.2, "b5705e", 0.14),  # below them
)
UNDERSIDE = ((-10, 45.5), (-6, 48.4), (0, 50.2), (6, 48.4), (10, 45.5), (7, 52), (0, 54), (-7, 52))
NOSTRIL = ((3.2, 47.6), (5.6, 45.9), (8.4, 46.4), (8.2, 47.9), (5.6, 48.7))
WING = ((12.8, 38.6), (15.6, 42.2), (15.0, 46.2), (11.8, 48.2))


def face_light(canvas: Canvas, height: Plane, lamps: Studio) -> Plane:
    """Return the light on the face, 0..1, weaker in its hollows and towards the hair."""
    light = lit(normals(canvas, height), lamps)
    light = light * hollows(canvas, height, 5, 0.05) * hollows(canvas, height, 12, 0.012)
    light = light * (1 - 0.20 * np.clip((np.abs(canvas.x) - 46) / 24, 0, 1) ** 1.5)
    bright = np.clip((light - 0.74) / 0.26, 0, 1)
    return plane(np.clip(light - 0.10 * bright, 0, 1))


def draw_face(canvas: Canvas, picture: Picture, height: Plane, light: Plane, lamps: Studio) -> None:
    """Draw the skin of the face: no brows, eyes or lips."""
    colour = tinted(canvas, complexion(light)) + shine(canvas, height, lamps)[..., None] * rgb("fff0e0")
    colour = colour + 0.004 * grain(canvas, 21, 1.2)[..., None]
    lay(picture, fill(canvas, spline(OUTLINE, closed=True), 0.45), plane(np.clip(colour, 0, 1)))


def tinted(canvas: Canvas, colour: Colour) -> Colour:
    for x, y, wide, high, tint, strength in TINTS:
        spot = strength * (bumps if x else bump)(canvas, x, y, wide, high)[..., None]
        colour = plane(colour * (1 - spot) + rgb(tint) * spot)
    return colour


def shine(canvas: Canvas, height: Plane, lamps: Studio) -> Plane:
    field = normals(canvas, soften(height, 1.2 * canvas.scale))
    sheen = 0.05 * gloss(field, lamps.key, 14) + 0.05 * gloss(field, lamps.key, 60)
    return plane(sheen * (1 - 0.6 * bumps(canvas, 31, 0, 18, 12)))


def draw_nostrils(canvas: Canvas, picture: Picture) -> None:
    """Draw what is dark about the nose: its underside, the nostrils, the wings' edges."""
    lay(picture, fill(canvas, spline(UNDERSIDE, closed=True), 2.0), rgb("8a4836"), 0.34)
    for side in (1, -1):
        nostril, wing = flip(spline(NOSTRIL, closed=True), side), flip(spline(WING), side)
        lay(picture, fill(canvas, nostril, 0.7), rgb("512219"), 0.78)
        lay(picture, stroke(canvas, wing, 1.3, 0.9, (0.3, 1, 1, 0.3)), rgb("96523e"), 0.45)
