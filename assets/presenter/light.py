"""Surfaces under the studio's lamps."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.presenter.canvas import Canvas, Plane, plane
from assets.presenter.shapes import soften

Normals = NDArray[np.float32]  # (height, width, 3), unit length; x right, y down, z to the viewer
Vector = NDArray[np.float32]  # (3,), unit length


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp far away. `wrap` lets its light reach round the edge, as a soft box does."""

    towards: Vector
    strength: float
    wrap: float


@dataclass(frozen=True, slots=True)
class Studio:
    """The three lamps of a portrait and the light that comes from everywhere."""

    key: Lamp
    fill: Lamp
    rim: Lamp
    ambient: float = 0.17


def unit(x: float, y: float, z: float) -> Vector:
    vector = np.array([x, y, z], np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def studio(turn: float = 0.0) -> Studio:
    """Return the lamps as a head sees them that is turned by `turn` radians to the viewer's right."""
    return Studio(
        key=Lamp(_turned(unit(-0.52, -0.58, 0.74), turn), 0.72, 0.28),
        fill=Lamp(_turned(unit(0.80, -0.10, 0.58), turn), 0.24, 0.30),
        rim=Lamp(_turned(unit(0.90, -0.45, -0.12), turn), 0.22, 0.0),
    )


def _turned(towards: Vector, turn: float) -> Vector:
    c, s = np.cos(turn), np.sin(turn)
    x, y, z = towards
    return unit(float(c * x - s * z), float(y), float(s * x + c * z))


def normals(canvas: Canvas, height: Plane) -> Normals:
    """Return the normals of a height field (millimetres)."""
    across = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3) * (canvas.scale / 8)
    down = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3) * (canvas.scale / 8)
    field = np.dstack([-across, -down, np.ones_like(height)])
    return np.asarray(field / np.linalg.norm(field, axis=2, keepdims=True), np.float32)


def fall(field: Normals, lamp: Lamp) -> Plane:
    """Return how much of a lamp's light falls on a surface, 0..1."""
    return np.clip((field @ lamp.towards + lamp.wrap) / (1 + lamp.wrap), 0, 1)


def lit(field: Normals, lamps: Studio) -> Plane:
    """Return the light of key, fill and ambient on a matt surface, about 0..1."""
    key, side = lamps.key, lamps.fill
    return lamps.ambient + key.strength * fall(field, key) + side.strength * fall(field, side)


def cloth_light(canvas: Canvas, height: Plane, lamps: Studio) -> Plane:
    """Return the light on cloth of this height: harder than on skin."""
    field = normals(canvas, height)
    return plane(0.17 + 0.74 * fall(field, lamps.key) + 0.18 * fall(field, lamps.fill))


def gloss(field: Normals, lamp: Lamp, sharpness: float) -> Plane:
    """Return a lamp's highlight, 0..1."""
    half = lamp.towards + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    return np.clip(field @ half, 0, 1) ** sharpness


def hollows(canvas: Canvas, height: Plane, reach: float, gain: float) -> Plane:
    """Return the light left in hollows of about `reach` millimetres, 0.35..1."""
    depth = soften(height, reach * canvas.scale) - height
    return np.clip(1 - gain * np.clip(depth, 0, None), 0.35, 1)
