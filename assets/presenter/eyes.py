"""The eyes, open by any share: drawn anew for each frame, in a window each."""

from dataclasses import dataclass

import numpy as np

from assets.presenter.canvas import Canvas, Plane, Points
from assets.presenter.paint import Colour, Picture, lay, rgb
from assets.presenter.shapes import bump, fill, flip, spline, stroke, threads

CENTRE = (32.0, -0.5)
INNER, OUTER = (15.6, 2.4), (49.0, -1.8)
UPPER_OPEN = ((20.5, -2.2), (28.0, -6.6), (36.0, -7.2), (43.5, -5.0))
UPPER_SHUT = ((20.5, 4.2), (28.0, 5.3), (36.0, 5.0), (43.5, 2.4))
LOWER_OPEN = ((21.0, 4.2), (28.5, 5.7), (36.5, 5.5), (44.0, 2.9))
LOWER_SHUT = ((21.0, 4.3), (28.5, 5.4), (36.5, 5.1), (44.0, 2.5))
CREASE_OPEN = ((15.5, -3.4), (22, -8.2), (30, -11.4), (39, -11.2), (47.5, -7.0), (52.5, -3.2))
CREASE_SHUT = ((17.0, -2.6), (23, -6.4), (31, -8.6), (39, -8.2), (47.0, -4.6), (51.5, -1.6))
IRIS = 6.5
PUPIL = 2.7
WINDOW = (10.0, -22.0, 58.0, 16.0)
LASH = rgb("23130f")


@dataclass(frozen=True, slots=True)
class Lids:
    """The curves of one eye, from the nose outwards."""

    upper: Points
    lower: Points
    crease: Points


def draw_eyes(canvas: Canvas, picture: Picture, open_: float, gaze: tuple[float, float]) -> None:
    """Draw both eyes on a face, in place; `gaze` moves the irises, in millimetres."""
    left, top, right, bottom = WINDOW
    for side in (1, -1):
        edges = (left, right) if side > 0 else (-right, -left)
        window, at = canvas.window(edges[0], top, edges[1], bottom)
        lids = lids_at(open_, side)
        draw_ball(window, picture[at], lids, side, open_, gaze)
        draw_lids(window, picture[at], lids, open_)
        draw_lashes(window, picture[at], lids.upper, side, open_)


def lids_at(open_: float, side: int) -> Lids:
    """Return the lids of the eye on one side (1: the viewer's right), `open_` from 0 shut to 1."""

    def between(shut: tuple[tuple[float, float], ...], wide: tuple[tuple[float, float], ...]) -> Points:
        return np.asarray(shut) * (1 - open_) + np.asarray(wide) * open_

    upper = np.vstack([INNER, between(UPPER_SHUT, UPPER_OPEN), OUTER])
    lower = np.vstack([INNER, between(LOWER_SHUT, LOWER_OPEN), OUTER])
    crease = between(CREASE_SHUT, CREASE_OPEN)
    return Lids(flip(spline(upper), side), flip(spline(lower), side), flip(spline(crease), side))


def draw_ball(
    canvas: Canvas, picture: Picture, lids: Lids, side: int, open_: float, gaze: tuple[float, float]
) -> None:
    slit = fill(canvas, np.vstack([lids.upper, lids.lower[::-1]]), 0.3)
    x, y = side * CENTRE[0] + gaze[0], CENTRE[1] + gaze[1]
    colour = white(canvas, side)
    ring = np.hypot(canvas.x - x, canvas.y - y)
    inside = np.clip((IRIS - ring) / 0.7 + 0.5, 0, 1)[..., None]
    colour = colour * (1 - inside) + iris(canvas, x, y, ring) * inside
    colour = colour * (1 - 0.42 * _lid_shadow(canvas, lids.upper))[..., None]
    colour = colour + _glint(canvas, side * CENTRE[0] + 0.6 * gaze[0], CENTRE[1] + 0.6 * gaze[1])[..., None]
    lay(picture, slit, np.clip(colour, 0, 1), min(1.0, 6 * open_))


def white(canvas: Canvas, side: int) -> Colour:
    away = np.hypot((canvas.x - side * CENTRE[0]) / 18, canvas.y / 12)
    colour = rgb("f1ebe6") * (1 - 0.30 * np.clip(away, 0, 1.2) ** 2)[..., None]
    corner = 0.5 * bump(canvas, side * 16.8, 2.2, 2.0, 1.8)[..., None]
    return np.asarray(colour * (1 - corner) + rgb("d58c80") * corner, np.float32)


def iris(canvas: Canvas, x: float, y: float, ring: Plane) -> Colour:
    around = np.arctan2(canvas.y - y, canvas.x - x)
    fibres = 1 + 0.16 * np.sin(around * 37 + 3 * np.sin(around * 11)) + 0.08 * np.sin(around * 83)
    below = np.clip((canvas.y - y) / IRIS * 0.5 + 0.45, 0, 1)
    colour = rgb("60432c") * (fibres * (0.62 + 0.75 * below))[..., None]
    colour = colour + rgb("c08a45") * (0.30 * np.exp(-(((ring - 3.5) / 1.3) ** 2)) * (0.4 + below))[..., None]
    colour = colour * (1 - 0.70 * np.clip((ring - 4.9) / 1.6, 0, 1))[..., None]
    pupil = np.clip((PUPIL - ring) / 0.6 + 0.5, 0, 1)[..., None]
    return np.asarray(colour * (1 - pupil) + 0.02 * pupil, np.float32)


def _lid_shadow(canvas: Canvas, upper: Points) -> Plane:
    """Return the shade that the upper lid throws on the ball, 1 at the lid."""
    order = np.argsort(upper[:, 0])
    lid = np.interp(canvas.x, upper[order, 0], upper[order, 1])
    return np.clip(1 - (canvas.y - lid) / 4.6, 0, 1) ** 1.4


def _glint(canvas: Canvas, x: float, y: float) -> Plane:
    window = np.clip((1.45 - np.hypot(canvas.x - x + 2.0, (canvas.y - y + 2.2) * 0.9)) / 0.6, 0, 1)
    bounce = np.clip((1.6 - np.hypot(canvas.x - x - 2.2, (canvas.y - y - 2.8) * 1.6)) / 1.4, 0, 1)
    return np.asarray(0.92 * window + 0.13 * bounce, np.float32)


def draw_lids(canvas: Canvas, picture: Picture, lids: Lids, open_: float) -> None:
    lid = fill(canvas, np.vstack([lids.crease, lids.upper[::-1]]), 0.9)
    lay(picture, lid, rgb("c98a70"), 0.30)
    shut = 1 - open_
    ridge = (lids.crease[len(lids.crease) // 2] + lids.upper[len(lids.upper) // 2]) / 2
    lay(picture, lid * bump(canvas, ridge[0], ridge[1], 9, 3.2), rgb("f4cdb2"), 0.16 + 0.34 * shut)
    crease = stroke(canvas, lids.crease, 1.2, 0.7, (0.2, 1, 1, 0.9, 0.2))
    lay(picture, crease, rgb("7d4636"), 0.46 - 0.14 * shut)
    lay(picture, stroke(canvas, lids.lower, 0.9, 0.4, (0.2, 0.5, 0.8, 1)), rgb("74382d"), 0.45)


def draw_lashes(canvas: Canvas, picture: Picture, upper: Points, side: int, open_: float) -> None:
    wing = upper[-1] + np.array([side * 2.6, -1.3 * open_ + 0.6 * (1 - open_)])
    edge = stroke(canvas, np.vstack([upper, wing]), 1.7, 0.3, (0.25, 0.7, 1, 1.1, 1.1, 0.2))
    lay(picture, edge, LASH, 0.92)
    lashes = [_lash(upper, float(share), side, open_) for share in np.linspace(0.46, 1.0, 14)]
    lay(picture, threads(canvas, lashes, 0.14), LASH, 0.75)


def _lash(upper: Points, share: float, side: int, open_: float) -> Points:
    root = upper[int(share * (len(upper) - 1))]
    length = 0.4 + 2.8 * share**2
    turn = (-1.45 + 0.95 * share) * open_ + (1.25 - 0.75 * share) * (1 - open_)
    tip = root + length * np.array([side * np.cos(turn), np.sin(turn)])
    bow = (root + tip) / 2 + np.array([side * 0.35, 0.3])
    return spline([root, bow, tip], steps=4)
