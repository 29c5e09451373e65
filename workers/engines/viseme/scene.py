"""What a clip frame gives to its patches: pixels, mask, and the room there is to change. Pure."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar
from workers.engines.viseme.face import XI, Face, Floats
from workers.engines.viseme.inside import Palette
from workers.engines.viseme.plane import (
    ABOVE,
    STEPS,
    Plane,
    Window,
    grid_matrix,
    grid_of,
    to_picture,
    window_of,
)

Bytes = NDArray[np.uint8]
Planes = tuple[Bytes, Bytes, Bytes]

TONE_FRAMES = 9  # of the clip are looked at for the colours of skin and lips
TEETH_ROWS = 24
TEETH_CONTRAST = 14  # luma by which teeth are brighter than the lip above them


@dataclass(frozen=True, slots=True)
class Scene:
    """One clip frame around its mouth.

    Attributes:
        face: with the upper lip's inner edge as the picture shows it.
        window: the part of the picture that may change.
        planes: Y, U and V of the window.
        masks: the avatar's soft mask in the window for each plane, float32, 0 to 1.
        floor: `(n,)`, for each u of the grid the v below which nothing may change.
    """

    face: Face
    window: Window
    planes: Planes
    masks: tuple[Plane, Plane, Plane]
    floor: Floats


def scene_of(avatar: Avatar, frame: int, face: Face) -> Scene:
    """Return the scene of a clip frame, whose face is given."""
    window = window_of(face, avatar.width, avatar.height)
    planes = cut(avatar, frame, window)
    mask = _mask(avatar, frame, window)
    share = mask.astype(np.float32) / 255
    half = _halved(share)
    seen = replace(face, own=_see_teeth(face, planes[0], window))
    return Scene(seen, window, planes, (share, half, half), _floor(face, mask, window))


def cut(avatar: Avatar, frame: int, window: Window) -> Planes:
    """Return copies of Y, U and V of a window of the clip's picture."""
    pixels = avatar.pictures[frame].reshape(-1)
    luma, chroma = avatar.width * avatar.height, avatar.width * avatar.height // 4
    shape = (avatar.height // 2, avatar.width // 2)
    y = pixels[:luma].reshape(avatar.height, avatar.width)[window.part]
    u, v = (part.reshape(shape)[window.half_part] for part in (pixels[luma:-chroma], pixels[-chroma:]))
    return np.array(y), np.array(u), np.array(v)


def _mask(avatar: Avatar, frame: int, window: Window) -> Bytes:
    box = Window(*(int(value) for value in avatar.boxes[frame]))
    left, top = max(box.x, window.x), max(box.y, window.y)
    right = max(left, min(box.x + box.width, window.x + window.width))
    bottom = max(top, min(box.y + box.height, window.y + window.height))
    mask = np.zeros((window.height, window.width), np.uint8)
    part = avatar.masks[frame][top - box.y : bottom - box.y, left - box.x : right - box.x]
    mask[top - window.y : bottom - window.y, left - window.x : right - window.x] = part
    return mask


def _halved(plane: Plane) -> Plane:
    """Average four pixels into one, but to 0 where one of them is 0: its chroma is the clip's own."""
    quarters = plane[::2, ::2], plane[::2, 1::2], plane[1::2, ::2], plane[1::2, 1::2]
    least = np.minimum(np.minimum(*quarters[:2]), np.minimum(*quarters[2:]))
    return np.asarray(sum(quarters) / 4 * (least > 0), np.float32)


def _floor(face: Face, mask: Bytes, window: Window) -> Floats:
    u, v = grid_of(face.half)
    matrix = grid_matrix(face, window)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    on_grid = cv2.warpAffine(mask, matrix, (u.size, v.size), flags=flags)
    lips = int(ABOVE * STEPS)
    covered = (on_grid[lips:] >= 128).cumprod(axis=0).sum(axis=0)
    return np.asarray(v[np.minimum(lips + covered, v.size - 1), 0])


def _see_teeth(face: Face, luma: Bytes, window: Window) -> Floats:
    """Return the face's own lines, the upper lip's inner edge moved up to where its teeth begin.

    MediaPipe's points trail a mouth that opens fast, and teeth below the true edge would be taken for lip.
    """
    outer, upper, lower, _ = face.own
    top, bottom = outer + 0.2 * (upper - outer), upper + 0.5 * (lower - upper)
    rows = np.linspace(0, 1, TEETH_ROWS)[:, None]
    strip = _strip(face, luma, window, top + rows * (bottom - top))
    at_edge = (upper - top) / (bottom - top).clip(min=0.5) * (TEETH_ROWS - 1)
    above = np.arange(TEETH_ROWS)[:, None] <= at_edge
    bright, dark = np.where(above, 0, strip).max(axis=0), np.where(above, strip, 255).min(axis=0)
    teeth = (strip >= (bright + dark) / 2) | ~above
    rise = (np.flip(teeth, axis=0).cumprod(axis=0) * np.flip(above, axis=0)).sum(axis=0)
    rise = rise * ((bright - dark > TEETH_CONTRAST) & (lower - upper > 0.1 * face.half))
    rise = cv2.GaussianBlur(cv2.medianBlur(rise.astype(np.float32)[None], 5), (7, 1), 0)[0]
    own = face.own.copy()
    own[1] -= rise * (bottom - top) / (TEETH_ROWS - 1)
    return own


def _strip(face: Face, luma: Bytes, window: Window, v: Floats) -> Plane:
    left, right = face.corners
    u = np.broadcast_to(left + (XI + 1) / 2 * (right - left), v.shape)
    points = to_picture(face, np.stack([u.ravel(), v.ravel()], axis=1)) - (window.x, window.y)
    x, y = (part.reshape(v.shape).astype(np.float32) for part in points.T)
    return cv2.remap(luma, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)


def palette_of(avatar: Avatar, faces: tuple[Face, ...]) -> Palette:
    """Return the colours of the mouth's inside that go with the avatar's skin and lips."""
    frames = range(0, avatar.frames, max(1, avatar.frames // TONE_FRAMES))
    skin, lip = (np.median([tone(avatar, at, faces[at]) for at in frames], axis=0) for tone in (_skin, _lip))
    return Palette.of(skin.astype(np.float32), lip.astype(np.float32))


def _skin(avatar: Avatar, frame: int, face: Face) -> Floats:
    chin = [(u, 0.85) for u in (-0.3, -0.15, 0, 0.15, 0.3)]
    return _tone(avatar, frame, face, np.array([*chin, (-1.3, -0.1), (1.3, -0.1)]) * face.half)


def _lip(avatar: Avatar, frame: int, face: Face) -> Floats:
    middle = face.own[2:, XI.size // 2].mean()
    return _tone(
        avatar, frame, face, np.array([(u * face.half, middle) for u in (-0.3, -0.15, 0, 0.15, 0.3)])
    )


def _tone(avatar: Avatar, frame: int, face: Face, points: Floats) -> Floats:
    """Return the median Y, U and V, `(3,)`, at points of the mouth plane."""
    planes = cut(avatar, frame, Window(0, 0, avatar.width, avatar.height))
    x, y = np.clip(to_picture(face, points), 0, (avatar.width - 1, avatar.height - 1)).astype(int).T
    tone = np.median([planes[0][y, x], *(plane[y // 2, x // 2] for plane in planes[1:])], axis=1)
    return np.asarray(tone)
