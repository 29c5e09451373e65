"""Prepared avatars on disk: `<folder>/<hash>/` with a manifest and flat arrays, read as memory maps.

All processes of a host share the pages, so an avatar costs its size once, whoever reads it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from avatars.errors import DamagedAvatarError, UnpreparedAvatarError

PREPARATION = 1
"""Raised whenever preparing the same clip gives other files, so that old ones are not taken for new."""

MANIFEST, PICTURES, LANDMARKS = "avatar.json", "pictures.i420", "landmarks.npy"
MATRICES, BOXES, MASKS = "matrices.npy", "boxes.npy", "masks.npy"

LANDMARKS_A_FACE = 478
HASH_DIGITS = 16
READ_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `avatar.json` says of the files beside it. Sizes in pixels, even."""

    clip: str
    preparation: int
    width: int
    height: int
    frames: int
    box_width: int
    box_height: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True, eq=False)
class Avatar:
    """A prepared clip at 25 fps. Every array is a read-only memory map.

    Attributes:
        hash: the content hash that names the folder.
        width: of the pictures, in pixels, even.
        height: of the pictures, in pixels, even.
        frames: how many frames the clip has.
        pictures: `(frames, height * 3 // 2, width)` uint8, I420, BT.709, limited range.
        landmarks: `(frames, 478, 2)` float32, x and y in pixels in MediaPipe's order, smoothed over time,
            bridged where no face was found.
        matrices: `(frames, 2, 3)` float32, from the picture to LatentSync's crop of 210 by 280 pixels.
        boxes: `(frames, 4)` int32, x, y, width and height of what an engine may change; all even, inside
            the picture, width and height the same in every frame.
        masks: `(frames, box height, box width)` uint8, the box's soft mask: 255 where the engine's picture
            shows, 0 where the clip's does.
    """

    hash: str
    width: int
    height: int
    frames: int
    pictures: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    matrices: NDArray[np.float32]
    boxes: NDArray[np.int32]
    masks: NDArray[np.uint8]


def avatar_hash(clip: Path, max_side_px: int) -> str:
    """Return the name of the avatar that `clip` becomes when its longer side may be `max_side_px` pixels.

    It is the SHA-256 of the clip's bytes and of what else preparing depends on, as 16 hex digits.

    Raises:
        OSError: the clip cannot be read.
    """
    digest = hashlib.sha256(f"{PREPARATION} {max_side_px} ".encode())
    with clip.open("rb") as file:
        while piece := file.read(READ_BYTES):
            digest.update(piece)
    return digest.hexdigest()[:HASH_DIGITS]


def is_prepared(folder: Path, hash: str) -> bool:
    """Say whether the avatars folder holds the avatar; a half-made one does not count."""
    return (folder / hash / MANIFEST).is_file()


def open_avatar(folder: Path, hash: str) -> Avatar:
    """Map the avatar `hash` of the avatars folder into memory; nothing is read until it is used.

    Raises:
        UnpreparedAvatarError: the folder has no such avatar.
        DamagedAvatarError: its files do not fit its manifest.
    """
    if not is_prepared(folder, hash):
        raise UnpreparedAvatarError(
            f"Avatar {hash} is not in {folder}: run `python -m avatars prepare` with its clip first."
        )
    try:
        return _mapped(folder / hash, hash)
    except (OSError, ValueError, TypeError) as error:
        raise DamagedAvatarError(
            f"Avatar {folder / hash} is damaged ({error}): "
            "delete it, and run `python -m avatars prepare` again."
        ) from error


def _mapped(home: Path, hash: str) -> Avatar:
    manifest = Manifest.from_json((home / MANIFEST).read_text())
    frames, width, height = manifest.frames, manifest.width, manifest.height
    return Avatar(
        hash=hash,
        width=width,
        height=height,
        frames=frames,
        pictures=_pictures(home / PICTURES, (frames, height * 3 // 2, width)),
        landmarks=_array(home / LANDMARKS, (frames, LANDMARKS_A_FACE, 2), np.float32),
        matrices=_array(home / MATRICES, (frames, 2, 3), np.float32),
        boxes=_array(home / BOXES, (frames, 4), np.int32),
        masks=_array(home / MASKS, (frames, manifest.box_height, manifest.box_width), np.uint8),
    )


def _pictures(file: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    seen, right = file.stat().st_size, int(np.prod(shape))
    if seen != right:
        raise ValueError(f"{file.name} has {seen} bytes, not {right}")
    return np.memmap(file, np.uint8, "r", shape=shape)


def _array(file: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> NDArray[Any]:
    array = np.load(file, mmap_mode="r", allow_pickle=False)
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{file.name} holds {array.dtype} {array.shape}, not {np.dtype(dtype)} {shape}")
    return np.asanyarray(array)
