"""Drawing the hair."""

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.presenter.canvas import Canvas, Points
from assets.presenter.hairstyle import BACK, FALLS, PARTING, WISPS, Fall
from assets.presenter.light import Studio
from assets.presenter.paint import Picture, clear, lay, lay_picture, rgb, shaded, shadow
from assets.presenter.shapes import SUBPIXEL, fill, soften, spline, stroke
from assets.presenter.strands import BASE, STEPS, Lock, guides, lock

TIP = 0.75  # a strand is thinner from here to its end
THICK = 0.4  # of all strands are two pixels thick, the others one

Layer = NDArray[np.uint8]  # (height, width, 4): OpenCV draws smooth lines at eight bits only


def draw_back(canvas: Canvas, picture: Picture) -> None:
    """Draw the hair behind neck and shoulders, in the shade."""
    mask = fill(canvas, spline(BACK, closed=True), 1.2)
    noise = np.random.default_rng(15).normal(0, 0.30, (1, canvas.width)).astype(np.float32)
    streaks = soften(noise, 0.7 * canvas.scale) + 0 * canvas.y
    lay(picture, mask, shaded(BASE, 0.30 + 0.4 * streaks))


def draw_front(canvas: Canvas, picture: Picture, lamps: Studio) -> None:
    """Draw the hair on both sides of the face, and its shadow on what lies behind."""
    for fall in FALLS:
        above = draw_base(canvas, fall)
        draw_strands(canvas, above, fall, lamps)
        draw_shadow(canvas, picture, above)
        lay_picture(picture, above)
    draw_parting(canvas, picture)
    for fall in WISPS:
        above = clear(canvas)
        draw_strands(canvas, above, fall, lamps)
        lay_picture(picture, 0.6 * above)


def draw_shadow(canvas: Canvas, picture: Picture, above: Picture) -> None:
    moved = np.roll(above[..., 3], (round(3 * canvas.scale), round(1.5 * canvas.scale)), (0, 1))
    shadow(picture, soften(moved, 3.2 * canvas.scale), rgb("5a2c20"), 0.55)


def draw_parting(canvas: Canvas, picture: Picture) -> None:
    parting = spline(PARTING)
    shadow(picture, stroke(canvas, parting, 4.5, 1.6, (0.6, 1, 0.6)), rgb("2e170d"), 0.45)
    lay(picture, stroke(canvas, parting, 1.3, 0.5, (0.8, 1, 0.2)), rgb("b98465"), 0.55)


def draw_base(canvas: Canvas, fall: Fall) -> Picture:
    """Return the shade between the guides, a little narrower and shorter than the strands drawn over it."""
    picture = clear(canvas)
    inner, outer = (guide[: int(0.84 * STEPS)] for guide in guides(fall))
    outline = np.vstack([inner * 0.93 + outer * 0.07, (inner * 0.12 + outer * 0.88)[::-1]])
    lay(picture, fill(canvas, outline, 1.0), BASE * 0.42 * fall.tone)
    return picture


def draw_strands(canvas: Canvas, picture: Picture, fall: Fall, lamps: Studio) -> None:
    """Draw the strands of a fall, in place, its locks in random order."""
    random = np.random.default_rng(fall.seed)
    layer = np.round(picture * 255).astype(np.uint8)
    for middle in random.permutation(np.linspace(*fall.reach, fall.locks)):
        hairs = lock(fall, float(middle), lamps, random)
        draw_lock(canvas, layer, hairs, random.random(fall.strands) < THICK)
    picture[:] = layer.astype(np.float32) / 255


def draw_lock(canvas: Canvas, layer: Layer, hairs: Lock, thick: NDArray[np.bool_]) -> None:
    for path, colours, end, strong in zip(hairs.paths, hairs.colours, hairs.ends, thick, strict=True):
        steps = int(end * STEPS)
        draw_strand(canvas, layer, path[:steps], colours[:steps], 2 if strong else 1)


def draw_strand(canvas: Canvas, layer: Layer, path: Points, colours: NDArray[np.float64], width: int) -> None:
    pixels = np.round(canvas.pixels(path) * 2**SUBPIXEL).astype(int).tolist()
    shades = (colours * 255).tolist()
    for step in range(len(pixels) - 1):
        thick = width if step < TIP * len(pixels) else 1
        cv2.line(layer, pixels[step], pixels[step + 1], (*shades[step], 255), thick, cv2.LINE_AA, SUBPIXEL)
