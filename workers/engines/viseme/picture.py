"""A frame's patch: the clip's own planes warped, the mouth's inside painted, under the soft mask. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np

from wire.batches import Patch
from workers.engines.viseme.face import XI, Face
from workers.engines.viseme.inside import Palette, paint
from workers.engines.viseme.lips import Lips
from workers.engines.viseme.model import Model, look_of
from workers.engines.viseme.plane import Plane, Window, inside_window, lips_window, places_of, turn_into
from workers.engines.viseme.scene import Bytes, Planes, Scene
from workers.engines.viseme.warp import skin_field

SEAM = 0.42  # of the luma is lost in the line between lips that the clip shows apart
SEAM_WIDTH = 0.035  # of the half width
EDGE_PX = 1.2  # over which lip turns into inside
BLUR = 0.016  # of the half width, so that the inside is no sharper than the clip


@dataclass(frozen=True, slots=True)
class _Mouth:
    """The pixels around the lips, at the size of luma or of chroma.

    Attributes:
        window: where they lie in the scene's planes.
        places: `(height, width, 4)`, where the model's planes show the upper and the lower side.
        is_model, is_lower, is_inside: `(height, width, 1)`, the shares of the model, of the mouth's lower
            side and of its inside.
        kept: how much is left of the value between lips that touch.
        colours: `(height, width, 1 or 2)`, of the mouth's inside.
    """

    window: Window
    places: Plane
    is_model: Plane
    is_lower: Plane
    is_inside: Plane
    kept: Plane
    colours: Plane


def render(scene: Scene, lips: Lips, model: Model) -> Patch:
    """Return the patch that gives the scene these lips; empty where nothing changes."""
    field = turn_into(scene.face, skin_field(scene.face, lips, scene.floor), scene.window)
    large, small = _mouths(scene, lips, model)
    light = (scene.skin - model.scene.skin).astype(np.float32)
    (luma, chroma), (luma_look, chroma_look) = scene.planes, model.scene.planes
    new_luma = _drawn(luma, field, luma_look, large, light[:1], cv2.INTER_CUBIC)
    new_chroma = _drawn(chroma, _halved(field) / 2, chroma_look, small, light[1:], cv2.INTER_LINEAR)
    news = zip((new_luma, new_chroma), scene.planes, scene.masks, strict=True)
    luma, chroma = (_laid(new, old, mask) for new, old, mask in news)
    return _trimmed(scene, (luma, chroma))


def _mouths(scene: Scene, lips: Lips, model: Model) -> tuple[_Mouth, _Mouth]:
    """Return the mouth at the size of luma, and at that of chroma."""
    face, look = scene.face, look_of(model, scene.face, lips)
    window = lips_window(face, scene.window, lips)
    there = window.at(scene.window)
    places, lines = turn_into(face, look.sides, there), turn_into(face, look.lines, there)
    below_upper, above_lower, parted, is_model = (lines[..., k : k + 1] for k in range(4))
    past_line = (below_upper - above_lower) / 2
    seam = model.open * (1 - parted) * np.exp(-((past_line / (SEAM_WIDTH * face.half)) ** 2))
    is_inside = np.clip(0.5 + np.minimum(below_upper, above_lower) / EDGE_PX, 0, 1) * parted
    shares = np.concatenate([is_model, np.clip(0.5 + past_line, 0, 1), is_inside], axis=2)
    colours = _colours(face, lips, there, lines, model.palette)
    large = _Mouth(window, places, *_channels(shares), 1 - SEAM * seam, colours[..., :1])
    # a sample of chroma lies between four of luma
    half_places, half_shares = (_halved(places) - 0.5) / 2, _channels(_halved(shares))
    untouched = np.ones((1, 1, 1), np.float32)
    return large, _Mouth(window.halved(), half_places, *half_shares, untouched, _halved(colours)[..., 1:])


def _channels(planes: Plane) -> tuple[Plane, Plane, Plane]:
    return planes[..., :1], planes[..., 1:2], planes[..., 2:]


def _colours(face: Face, lips: Lips, window: Window, lines: Plane, palette: Palette) -> Plane:
    """Return Y, U and V of the inside, `(height, width, 3)`: painted between the lips, 0 elsewhere."""
    colours = np.zeros((window.height, window.width, 3), np.float32)
    inner = inside_window(face, window, lips)
    u, v = places_of(face, inner.at(window))
    half, middle = np.float32(face.half), np.float32(face.middle)
    line = np.float32(face.rest[1, XI.size // 2])
    edges = (lines[inner.part][..., k] / half for k in (0, 1))
    painted = paint(palette, (u - middle) / half, (v - line) / half, *edges)
    colours[inner.part] = cv2.GaussianBlur(painted, (0, 0), BLUR * face.half)
    return colours


def _halved(plane: Plane) -> Plane:
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _placed(field: Plane) -> Plane:
    """Return the places, x and y, that a field points to from its pixels."""
    places = field.copy()
    places[..., 0] += np.arange(field.shape[1], dtype=np.float32)
    places[..., 1] += np.arange(field.shape[0], dtype=np.float32)[:, None]
    return places


def _drawn(old: Bytes, field: Plane, look: Bytes, mouth: _Mouth, light: Plane, method: int) -> Plane:
    """Return a plane of the scene with its skin warped, the model's lips drawn, and the inside painted."""
    out = _taken(old, _placed(field), method)
    part = mouth.window.part
    upper, lower = (_taken(look, side, method) for side in (mouth.places[..., :2], mouth.places[..., 2:]))
    lips = (upper + mouth.is_lower * (lower - upper)) * mouth.kept + light
    drawn = out[part] + mouth.is_model * (lips - out[part])
    out[part] = drawn + mouth.is_inside * (mouth.colours - drawn)
    return out


def _taken(plane: Bytes, places: Plane, method: int) -> Plane:
    taken = cv2.remap(plane, places, np.empty(0, np.float32), method, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32).reshape(*places.shape[:2], plane.shape[2])


def _laid(new: Plane, old: Bytes, mask: Plane) -> Bytes:
    return np.asarray(np.rint(old + mask * (new - old)).clip(0, 255), np.uint8)


def _trimmed(scene: Scene, planes: Planes) -> Patch:
    """Cut the planes down to the smallest even rectangle that differs from the clip."""
    luma, chroma = (new != old for new, old in zip(planes, scene.planes, strict=True))
    y = luma[..., 0]
    changed = y[::2, ::2] | y[::2, 1::2] | y[1::2, ::2] | y[1::2, 1::2] | chroma.any(axis=2)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if not rows.size:
        return Patch.empty()
    left, top = 2 * int(columns[0]), 2 * int(rows[0])
    box = Window(left, top, 2 * int(columns[-1]) + 2 - left, 2 * int(rows[-1]) + 2 - top)
    u, v = np.moveaxis(planes[1][box.halved().part], 2, 0)
    pixels = np.concatenate([part.ravel() for part in (planes[0][box.part], u, v)])
    return Patch(scene.window.x + left, scene.window.y + top, pixels.reshape(-1, box.width))
