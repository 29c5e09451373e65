"""A frame's patch: the clip's own planes warped, the mouth's inside painted, under the soft mask. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np

from wire.batches import Patch
from workers.engines.viseme.face import XI, Face
from workers.engines.viseme.inside import Palette, paint
from workers.engines.viseme.lips import Lips
from workers.engines.viseme.plane import Plane, Window, lips_window, places_of, turn_into
from workers.engines.viseme.scene import Bytes, Planes, Scene
from workers.engines.viseme.warp import Warp, warp_of

SEAM = 0.42  # of the luma is lost in the line between lips that the clip shows apart
SEAM_WIDTH = 0.035  # of the half width
EDGE_PX = 1.2  # over which lip turns into inside
BLUR = 0.016  # of the half width, so that the inside is no sharper than the clip


@dataclass(frozen=True, slots=True)
class _Lips:
    """The pixels around the line between the lips, at the size of luma or of chroma.

    Attributes:
        part: where they lie in the scene's planes.
        upper, lower: `(height, width, 2)`, the two sides' fields.
        is_lower, is_inside: `(height, width)`, the shares of the lower side and of the mouth's inside.
        kept: how much of the warped value is left where lips touch.
        colours: `(height, width, 3)`, of the mouth's inside.
    """

    window: Window
    upper: Plane
    lower: Plane
    is_lower: Plane
    is_inside: Plane
    kept: Plane
    colours: Plane


def render(scene: Scene, lips: Lips, palette: Palette) -> Patch:
    """Return the patch that gives the scene these lips; empty where nothing changes."""
    warp = warp_of(scene.face, lips, scene.floor)
    field = turn_into(scene.face, warp.whole, scene.window)
    around = _around_lips(scene, lips, warp, palette)
    small_field, small = _halved(field) / 2, _small(around)
    old_y, old_u, old_v = scene.planes
    new = (
        _drawn(old_y, field, around, 0, cv2.INTER_CUBIC),
        _drawn(old_u, small_field, small, 1, cv2.INTER_LINEAR),
        _drawn(old_v, small_field, small, 2, cv2.INTER_LINEAR),
    )
    y, u, v = (_laid(*parts) for parts in zip(new, scene.planes, scene.masks, strict=True))
    return _trimmed(scene, (y, u, v))


def _around_lips(scene: Scene, lips: Lips, warp: Warp, palette: Palette) -> _Lips:
    face = scene.face
    window = lips_window(face, scene.window, lips.lines[1].min(), lips.lines[2].max(), lips.half)
    there = Window(scene.window.x + window.x, scene.window.y + window.y, window.width, window.height)
    sides = turn_into(face, warp.sides, there)
    below_upper, above_lower, parted, unsealed = np.moveaxis(turn_into(face, warp.lips, there), 2, 0)
    past_line = (below_upper - above_lower) / 2
    seam = SEAM * unsealed * np.exp(-((past_line / (SEAM_WIDTH * face.half)) ** 2))
    return _Lips(
        window,
        upper=sides[..., :2],
        lower=sides[..., 2:],
        is_lower=np.clip(0.5 + past_line, 0, 1),
        is_inside=np.clip(0.5 + np.minimum(below_upper, above_lower) / EDGE_PX, 0, 1) * parted,
        kept=1 - seam,
        colours=_inside(face, there, below_upper, above_lower, palette),
    )


def _inside(face: Face, window: Window, below_upper: Plane, above_lower: Plane, palette: Palette) -> Plane:
    u, v = places_of(face, window)
    half = np.float32(face.half)
    line = np.float32(face.rest[1, XI.size // 2])
    middle = np.float32(face.middle)
    colours = paint(palette, (u - middle) / half, (v - line) / half, below_upper / half, above_lower / half)
    return np.asarray(cv2.GaussianBlur(colours, (0, 0), BLUR * face.half), np.float32)


def _small(lips: _Lips) -> _Lips:
    window = Window(lips.window.x // 2, lips.window.y // 2, lips.window.width // 2, lips.window.height // 2)
    is_lower = _halved(lips.is_lower)
    return _Lips(
        window,
        _halved(lips.upper) / 2,
        _halved(lips.lower) / 2,
        is_lower,
        _halved(lips.is_inside),
        np.ones_like(is_lower),
        _halved(lips.colours),
    )


def _halved(plane: Plane) -> Plane:
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _drawn(plane: Bytes, field: Plane, lips: _Lips, channel: int, method: int) -> Plane:
    """Return the plane warped, and its lips and what is between them."""
    out = _warped(plane, field, 0, 0, method)
    upper, lower = (
        _warped(plane, side, lips.window.x, lips.window.y, method) for side in (lips.upper, lips.lower)
    )
    skin = (upper + lips.is_lower * (lower - upper)) * lips.kept
    out[lips.window.part] = skin + lips.is_inside * (lips.colours[..., channel] - skin)
    return out


def _warped(plane: Bytes, field: Plane, x: int, y: int, method: int) -> Plane:
    height, width = field.shape[:2]
    places = field.copy()
    places[..., 0] += np.arange(x, x + width, dtype=np.float32)
    places[..., 1] += np.arange(y, y + height, dtype=np.float32)[:, None]
    warped = cv2.remap(plane, places, np.empty(0, np.float32), method, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)


def _laid(new: Plane, old: Bytes, mask: Plane) -> Bytes:
    return np.asarray(np.rint(old + mask * (new - old)).clip(0, 255), np.uint8)


def _trimmed(scene: Scene, planes: Planes) -> Patch:
    """Cut the planes down to the smallest even rectangle that differs from the clip."""
    y, u, v = (new != old for new, old in zip(planes, scene.planes, strict=True))
    changed = (y[::2, ::2] | y[::2, 1::2] | y[1::2, ::2] | y[1::2, 1::2]) | u | v
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not rows.size:
        return Patch.empty()
    left, top = 2 * int(columns[0]), 2 * int(rows[0])
    box = Window(left, top, 2 * int(columns[-1]) + 2 - left, 2 * int(rows[-1]) + 2 - top)
    parts = [planes[0][box.part], *(plane[box.half_part] for plane in planes[1:])]
    pixels = np.concatenate([part.ravel() for part in parts])
    return Patch(scene.window.x + left, scene.window.y + top, pixels.reshape(-1, box.width))
