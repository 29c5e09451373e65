"""The lips' own look, taken from the clip frame where they are nearest to rest. Pure.

Lips that the clip shows open, thin or with teeth behind them do not make closed ones, and their texture
changes as the clip speaks. So those of one frame serve for all, in the light of each.
"""

from dataclasses import dataclass

import numpy as np

from avatars.store import Avatar
from workers.engines.viseme.face import XI, Face, Floats
from workers.engines.viseme.inside import Palette
from workers.engines.viseme.lips import Lips, at_places, ease, own_gap
from workers.engines.viseme.plane import Plane, grid_of
from workers.engines.viseme.scene import Scene, scene_of, tones_at

TURNED, OPEN = 0.3, 1.0  # what a head's turn and a gap count against a frame, beside lips away from rest
RIM = 0.5  # of a lip's thickness around it is taken over with it
LEAST_THICKNESS = 0.12  # of a lip, in half widths: at the corners it has none
BEYOND = 0.18  # of the half width, past the corners
PARTED = 0.02  # of the half width: a gap that counts as open

# Lips that part show the shadow between them at their inner edges, and open ones teeth: this part of their
# thickness is left out, and of open ones no less than so much of the half width.
PULL_UPPER, PULL_LOWER, PULL_LEAST = 0.33, 0.23, 0.05
WIDE, AJAR = 0.12, 0.05  # of the half width: the wanted gap, and the model's own, from which on that is so


@dataclass(frozen=True, slots=True)
class Model:
    """An avatar's lips at rest, and the colours that go with them.

    `open` is 1 where even this frame shows the lips apart, 0 where they touch.
    """

    scene: Scene
    palette: Palette
    open: float


@dataclass(frozen=True, slots=True)
class Look:
    """What the grid's points are to show of the model, float32.

    Attributes:
        sides: `(m, n, 4)`, x and y in the planes of the model's scene for points of the upper lip's side of
            the mouth, and for points of the lower's.
        lines: `(m, n, 4)`: how far below the upper lip's inner edge a point lies, and how far above the
            lower's, in pixels; 1 where the lips are parted, 0 where they touch; 1 on the lips, 0 away from
            them.
    """

    sides: Plane
    lines: Plane


def model_of(avatar: Avatar, faces: tuple[Face, ...]) -> Model:
    """Return the avatar's model, from the frame whose lips are nearest to rest.

    Raises:
        ValueError: no frame shows the whole mouth.
    """
    frames = [frame for frame, face in enumerate(faces) if face.fits(avatar.width, avatar.height)]
    if not frames:
        raise ValueError("no frame shows the whole mouth, large enough to be moved")
    frame = min(frames, key=lambda frame: _cost(faces[frame]))
    face, scene = faces[frame], scene_of(avatar, frame, faces[frame])
    height = face.own[2:, XI.size // 2].mean()
    points = np.array([(u * face.half, height) for u in (-0.3, -0.15, 0, 0.15, 0.3)])
    lip = np.median(tones_at(face, scene.planes, scene.window, points), axis=1)
    palette = Palette.of(scene.skin.astype(np.float32), lip.astype(np.float32))
    return Model(scene, palette, float(ease(own_gap(face) / (AJAR * face.half))))


def _cost(face: Face) -> float:
    return face.strayed + (OPEN * own_gap(face) + TURNED * abs(face.middle)) / face.half


def look_of(model: Model, face: Face, lips: Lips) -> Look:
    """Return the model's look on the grid of `face`, for these lips."""
    u, v = grid_of(face.half)
    source = model.scene.face
    xi = u / lips.half
    target = at_places(xi.clip(-1, 1), lips.lines)
    own = at_places(xi.clip(-1, 1), _pulled(model, lips.gap / face.half))
    across = source.corners.mean() + xi * np.ptp(source.corners) / 2
    scale = source.half / face.half
    upper = _mapped(v - target[0], target[1] - target[0], own[0], own[1], scale)
    lower = _mapped(target[3] - v, target[3] - target[2], own[3], own[2], -scale)
    parted = ease((target[2] - target[1]) / (PARTED * face.half))
    share = _share(v, target, face) * ease(1 - (np.abs(u) - lips.half) / (BEYOND * face.half))
    return Look(
        _stacked(*_in_window(model, across, upper), *_in_window(model, across, lower)),
        _stacked(v - target[1], target[2] - v, np.broadcast_to(parted, share.shape), share),
    )


def _pulled(model: Model, gap: float) -> Floats:
    """Return the model's own lines, the inner ones drawn into the lips where those part or close."""
    face = model.scene.face
    outer_upper, upper, lower, outer_lower = np.sort(face.own, axis=0)
    part, least = max(ease(gap / WIDE), model.open), PULL_LEAST * face.half * model.open
    upper = upper - np.maximum(part * PULL_UPPER * (upper - outer_upper), least)
    lower = lower + np.maximum(part * PULL_LOWER * (outer_lower - lower), least)
    return np.stack([np.minimum(outer_upper, upper), upper, lower, np.maximum(lower, outer_lower)])


def _mapped(depth: Plane, thickness: Plane, outer: Plane, inner: Plane, scale: float) -> Plane:
    """Map a depth under a lip's outer edge to the model's v: inside the lip by parts, outside in scale."""
    part = (depth / thickness.clip(min=0.5)).clip(0, 1)
    return np.asarray(outer + part * (inner - outer) + np.minimum(depth, 0) * np.float32(scale))


def _in_window(model: Model, u: Plane, v: Plane) -> tuple[Plane, Plane]:
    face, window = model.scene.face, model.scene.window
    (cos, sin), (x, y) = face.axis, face.origin - (window.x, window.y)
    return x + u * cos - v * sin, y + u * sin + v * cos


def _share(v: Plane, target: Plane, face: Face) -> Plane:
    least = LEAST_THICKNESS * face.half
    upper, lower = (RIM * (target[k + 1] - target[k]).clip(min=least) for k in (0, 2))
    return np.asarray(ease(1 + np.minimum((v - target[0]) / upper, (target[3] - v) / lower)))


def _stacked(*fields: Plane) -> Plane:
    return np.stack(fields, axis=2, dtype=np.float32, casting="same_kind")
