"""The room behind the presenter, out of focus."""

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.presenter.canvas import Canvas, Plane, plane
from assets.presenter.paint import Colour, grain, rgb
from assets.presenter.shapes import soften

BOOKS = ("b4674a", "d9b37a", "4f7c86", "8aa79a", "c9c2b2", "7a4b4b", "38506b")
# Blurred lamps: place and size in shares of the picture's width and height, colour, strength.
BOKEH = (
    (0.205, 0.20, 0.018, "ffe2b0", 0.16),
    (0.280, 0.11, 0.012, "ffd9a0", 0.13),
    (0.125, 0.12, 0.014, "fff0d0", 0.10),
    (0.245, 0.33, 0.010, "ffe9c8", 0.08),
    (0.640, 0.08, 0.012, "cfe4ff", 0.07),
)


def backdrop(canvas: Canvas) -> Colour:
    """Return the room, `(height, width, 3)`."""
    room = wall(canvas)
    shelf, solid = shelves(canvas)
    room = room * (1 - 0.85 * solid[..., None]) + 0.85 * shelf
    leaves, cover = plant(canvas)
    room = room * (1 - cover[..., None]) + leaves
    room += bokeh(canvas)
    room *= vignette(canvas)[..., None]
    # A trace of noise keeps the soft gradients from banding at eight bits.
    return plane(np.clip(room + 0.003 * grain(canvas, 5, 0.8)[..., None], 0, 1))


def _shares(canvas: Canvas) -> tuple[Plane, Plane]:
    x = np.linspace(0, 1, canvas.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, canvas.height, dtype=np.float32)[:, None]
    return x, y


def wall(canvas: Canvas) -> Colour:
    x, y = _shares(canvas)
    glow = np.exp(-(((x - 0.40) / 0.32) ** 2 + ((y - 0.36) / 0.50) ** 2) / 2)[..., None]
    down = (y + 0 * x)[..., None]
    plain = rgb("3f5669") * (1 - down) + rgb("263542") * down
    return np.asarray(plain + glow * (rgb("c4cdc9") - rgb("3f5669")) * 0.84, np.float32)


def shelves(canvas: Canvas) -> tuple[Colour, Plane]:
    """Return a shelf of books and how solid it is."""
    random = np.random.default_rng(3)
    width, height = canvas.width, canvas.height
    left, bottom, unit = int(width * 0.735), int(height * 0.90), height / 1440
    picture = np.zeros((height, width, 3), np.float32)
    cv2.rectangle(picture, (left, 0), (width, bottom), (0.20, 0.185, 0.17), -1)
    for board in range(4):
        y = int(height * (0.18 + 0.205 * board))
        cv2.rectangle(picture, (left, y), (width, y + int(22 * unit)), (0.46, 0.35, 0.25), -1)
        _row_of_books(picture, random, left + int(20 * unit), y, unit)
    cv2.rectangle(picture, (left, 0), (left + int(26 * unit), bottom), (0.42, 0.32, 0.23), -1)
    solid = canvas.empty()
    solid[:bottom, left:] = 1
    return soften(picture, 20 * unit), soften(solid, 20 * unit)


def _row_of_books(picture: Colour, random: np.random.Generator, left: int, y: int, unit: float) -> None:
    x = left
    while x < picture.shape[1]:
        wide, tall = random.uniform(24, 60) * unit, random.uniform(110, 205) * unit
        colour = rgb(BOOKS[random.integers(len(BOOKS))]) * random.uniform(0.65, 1.0)
        if random.random() < 0.74:
            cv2.rectangle(picture, (x, int(y - tall)), (int(x + wide), y), colour.tolist(), -1)
        x += int(wide + random.uniform(2, 14) * unit)


def plant(canvas: Canvas) -> tuple[Colour, Plane]:
    """Return leaves (colour times alpha) and their alpha."""
    random = np.random.default_rng(11)
    picture, cover = np.zeros((canvas.height, canvas.width, 3), np.float32), canvas.empty()
    for _ in range(30):
        leaf = _leaf(random, canvas)
        colour = rgb("64885f") * random.uniform(0.45, 1.05)
        cv2.fillPoly(picture, [leaf], colour.tolist())
        cv2.fillPoly(cover, [leaf], (1.0,))
    sigma = 13 * canvas.height / 1440
    return soften(picture, sigma), soften(cover, sigma)


def _leaf(random: np.random.Generator, canvas: Canvas) -> NDArray[np.int32]:
    unit = canvas.height / 1440
    turn, length = random.uniform(-2.8, -0.35), random.uniform(240, 500) * unit
    t = np.linspace(0, 1, 12)
    x = canvas.width * 0.085 + np.cos(turn) * length * t + 20 * unit * np.sin(3 * t)
    y = canvas.height * 0.90 + np.sin(turn) * length * t + 80 * unit * t**2
    half = np.sin(np.linspace(0.05, 3.1, 12)) * 28 * unit
    across = np.array([-np.sin(turn), np.cos(turn)])
    spine = np.stack([x, y], axis=1)
    edges = np.vstack([spine + half[:, None] * across, (spine - half[:, None] * across)[::-1]])
    return edges.astype(np.int32)


def bokeh(canvas: Canvas) -> Colour:
    x, y = _shares(canvas)
    light = np.zeros((canvas.height, canvas.width, 3), np.float32)
    for at_x, at_y, size, colour, strength in BOKEH:
        away = np.hypot(x - at_x, (y - at_y) * canvas.height / canvas.width)
        disc = 1 / (1 + np.exp(np.clip((away - size) / 0.0022, -30, 30)))
        light += disc[..., None] * rgb(colour) * strength
    return light


def vignette(canvas: Canvas) -> Plane:
    x, y = _shares(canvas)
    away = np.hypot((x - 0.5) / 0.62, (y - 0.48) / 0.62)
    return np.asarray(1 - 0.33 * np.clip(away, 0, 1.4) ** 2, np.float32)
