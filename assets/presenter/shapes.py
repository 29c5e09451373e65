"""Curves, and the masks and soft bumps made from them. All lengths are millimetres."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from assets.presenter.canvas import Canvas, Plane, Points, plane

SUBPIXEL = 4  # OpenCV draws at 1/16 pixel

Mound = tuple[float, float, float, float, float, float]  # height, x, y, its reach across and down, turn


def spline(points: ArrayLike, closed: bool = False, steps: int = 16) -> Points:
    """Draw a smooth (Catmull-Rom) curve through points, `steps` to each span."""
    knots = np.asarray(points, np.float64)
    if closed:
        knots = np.vstack([knots[-1], knots, knots[:2]])
    else:
        knots = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    spans = [_span(knots[i : i + 4], t) for i in range(len(knots) - 3)]
    return np.vstack(spans if closed else [*spans, knots[-2]])


def _span(knots: Points, t: Points) -> Points:
    a, b, c, d = knots
    curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return np.asarray(curve / 2)


def resample(curve: Points, count: int) -> Points:
    """Return `count` points at equal distances along a curve."""
    run = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0, run[-1], count)
    return np.stack([np.interp(at, run, curve[:, 0]), np.interp(at, run, curve[:, 1])], axis=1)


def flip(points: ArrayLike, side: int = -1) -> Points:
    """Mirror points about the middle of the face when `side` is -1."""
    return np.asarray(points, np.float64) * (side, 1)


def mirrored(half: Sequence[tuple[float, float]]) -> Points:
    """Close the outline of which `half` is the right side, from its top to its bottom."""
    return np.vstack([half, [(-x, y) for x, y in reversed(half) if x > 0]])


def soften(values: Plane, sigma: float) -> Plane:
    """Blur by `sigma` pixels; wide blurs are made on a smaller picture."""
    if sigma <= 0:
        return values
    step = int(sigma // 6) + 1
    if step == 1:
        return plane(cv2.GaussianBlur(values, (0, 0), sigma))
    height, width = values.shape[:2]
    small = cv2.resize(values, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / step)
    return plane(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


def fill(canvas: Canvas, outline: ArrayLike, soft: float = 0.0) -> Plane:
    """Return the mask of a closed outline, 0..1, its edge blurred by `soft`."""
    mask = np.zeros((canvas.height, canvas.width), np.uint8)
    cv2.fillPoly(mask, [fixed(canvas, outline)], (255,), cv2.LINE_AA, SUBPIXEL)
    return soften(mask.astype(np.float32) / 255, soft * canvas.scale)


def stroke(
    canvas: Canvas, line: ArrayLike, width: float, soft: float = 0.0, taper: Sequence[float] = (1.0,)
) -> Plane:
    """Return the mask of a line; `taper` are shares of `width` spread evenly from its start to its end."""
    points = resample(np.asarray(line, np.float64), 48)
    ahead = np.gradient(points, axis=0)
    across = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / np.linalg.norm(ahead, axis=1, keepdims=True)
    shares = np.interp(np.linspace(0, 1, len(points)), np.linspace(0, 1, len(taper)), taper)
    half = across * (shares * width / 2)[:, None]
    return fill(canvas, np.vstack([points + half, (points - half)[::-1]]), soft)


def threads(
    canvas: Canvas, lines: Sequence[Points], soft: float, strengths: Sequence[float] | None = None
) -> Plane:
    """Return the mask of lines one pixel thin, each as strong (0..1) as told, blurred by `soft`."""
    mask = np.zeros((canvas.height, canvas.width), np.uint8)
    for line, strength in zip(lines, strengths or [1.0] * len(lines), strict=True):
        cv2.polylines(mask, [fixed(canvas, line)], False, (255 * strength,), 1, cv2.LINE_AA, SUBPIXEL)
    return soften(plane(mask) / 255, soft * canvas.scale)


def fixed(canvas: Canvas, points: ArrayLike) -> NDArray[np.int32]:
    """Return points as OpenCV draws them: in 1/16 pixels."""
    return np.asarray(np.round(canvas.pixels(points) * 2**SUBPIXEL), np.int32)


def bump(canvas: Canvas, x: float, y: float, wide: float, high: float, turn: float = 0.0) -> Plane:
    """Return a Gaussian of height 1 at (x, y) with these standard deviations, turned by radians."""
    if not turn:
        across, down = (canvas.x - x) / wide, (canvas.y - y) / high
        return plane(np.exp(-(across**2) / 2) * np.exp(-(down**2) / 2))
    cosine, sine = float(np.cos(turn)), float(np.sin(turn))
    right, low = canvas.x - x, canvas.y - y
    across, down = (right * cosine + low * sine) / wide, (low * cosine - right * sine) / high
    return plane(np.exp(-(across**2 + down**2) / 2))


def bumps(canvas: Canvas, x: float, y: float, wide: float, high: float, turn: float = 0.0) -> Plane:
    """Return a bump on each side of the face."""
    return bump(canvas, x, y, wide, high, turn) + bump(canvas, -x, y, wide, high, -turn)


def mounds(canvas: Canvas, table: Sequence[Mound]) -> Plane:
    """Return the sum of bumps and hollows; those with x > 0 stand on both sides of the face."""
    height = canvas.empty()
    for rise, x, y, wide, high, turn in table:
        height += rise * (bumps if x > 0 else bump)(canvas, x, y, wide, high, turn)
    return height


def inflate(canvas: Canvas, mask: Plane, depth: float) -> Plane:
    """Return the height of a cushion over a mask: round for `depth` from its edge, then flat."""
    inside = cv2.distanceTransform((mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / canvas.scale
    share = np.clip(inside / depth, 0, 1)
    return soften(plane(depth * np.sqrt(1 - (1 - share) ** 2)), depth * canvas.scale * 0.12)
