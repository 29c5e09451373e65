"""What a clip frame gives to its patches: pixels, mask, and the room there is to change. Pure."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from avatars.store import Avatar
from workers.engines.viseme.face import XI, Face, Floats
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
Planes = tuple[Bytes, Bytes]
"""Luma, `(height, width, 1)`, and chroma, U and V, `(height / 2, width / 2, 2)`."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One clip frame around its mouth.

    Attributes:
        window: the part of the picture that may change.
        planes: the window's pixels.
        masks: the avatar's soft mask for each of the planes, float32, 0 to 1, with a third axis of 1.
        floor: `(n,)`, for each u of the grid the v below which nothing may change.
        skin: Y, U and V of the skin around the mouth, `(3,)`.
    """

    face: Face
    window: Window
    planes: Planes
    masks: tuple[Plane, Plane]
    floor: Plane
    skin: Floats

    @property
    def bytes(self) -> int:
        """How much memory the pixels and masks take."""
        return sum(array.nbytes for array in (*self.planes, *self.masks))


def scene_of(avatar: Avatar, frame: int, face: Face) -> Scene:
    """Return the scene of a clip frame, whose face is given."""
    window = window_of(face, avatar.width, avatar.height)
    planes = cut(avatar, frame, window)
    mask = _mask(avatar, frame, window)
    share = mask.astype(np.float32) / 255
    floor, skin = _floor(face, mask, window), _skin(face, planes, window)
    return Scene(face, window, planes, (share[..., None], _halved(share)[..., None]), floor, skin)


def cut(avatar: Avatar, frame: int, window: Window) -> Planes:
    """Return copies of the pixels in a window of the clip's picture."""
    pixels = avatar.pictures[frame].reshape(-1)
    luma, chroma = avatar.width * avatar.height, avatar.width * avatar.height // 4
    y = pixels[:luma].reshape(avatar.height, avatar.width)[window.part]
    u, v = (
        part.reshape(avatar.height // 2, avatar.width // 2)[window.halved().part]
        for part in (pixels[luma:-chroma], pixels[-chroma:])
    )
    return np.array(y)[..., None], np.dstack([u, v])


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


def _floor(face: Face, mask: Bytes, window: Window) -> Plane:
    u, v = grid_of(face.half)
    matrix = grid_matrix(face, window)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    on_grid = cv2.warpAffine(mask, matrix, (u.size, v.size), flags=flags)
    lips = int(ABOVE * STEPS)
    covered = (on_grid[lips:] >= 128).cumprod(axis=0).sum(axis=0)
    return np.asarray(v[np.minimum(lips + covered, v.size - 1), 0])


def _skin(face: Face, planes: Planes, window: Window) -> Floats:
    """Return the mean of cheeks, chin and upper lip: speech shades each of them otherwise."""
    above = (face.nose + face.own[0, XI.size // 2]) / 2 / face.half
    under = face.own[3, XI.size // 2] / face.half
    cheeks = [(side * u, v) for side in (-1, 1) for u in (1.3, 1.45, 1.6) for v in (-0.3, -0.1, 0.1, 0.3)]
    chin = [(u, under + v) for u in (-0.3, -0.15, 0, 0.15, 0.3) for v in (0.35, 0.45, 0.55)]
    lip = [(side * u, above) for side in (-1, 1) for u in (0.3, 0.4, 0.5)]
    tones = tones_at(face, planes, window, np.array([*cheeks, *chin, *lip]) * face.half)
    mean = np.mean(
        [np.median(part, axis=1) for part in np.split(tones, [len(cheeks), -len(lip)], axis=1)], axis=0
    )
    return np.asarray(mean)


def tones_at(face: Face, planes: Planes, window: Window, points: Floats) -> NDArray[np.uint8]:
    """Return Y, U and V, `(3, n)`, at places of the mouth plane, `(n, 2)`."""
    x, y = (to_picture(face, points) - (window.x, window.y)).T
    x, y = np.clip(x, 0, window.width - 1).astype(int), np.clip(y, 0, window.height - 1).astype(int)
    return np.asarray(np.concatenate([planes[0][y, x], planes[1][y // 2, x // 2]], axis=1).T)
