"""What the model needs of a clip's frames: made when a frame is first asked for, kept on the device."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentsync.geometry import Picture, crop, to_face
from latentsync.paste import fit_warp
from latentsync.picture import cut, to_rgb

KEPT_BYTES = 2**29
"""Device memory for the frames of one portrait. A frame of 832×1248 takes about 0.7 MB, so ten seconds of
clip take under 0.2 GB; of a longer or larger one the frames that were not used for longest are made anew."""

MADE_AT_ONCE = 8
"""Frames that are encoded together. Always as many, or a frame's latents would depend, in their last bits, on
how many others happened to be new with it."""

_MARGIN_PX = 2  # around the box, so that a crop that is sampled at its very edge finds what lies beside


class Clip(Protocol):
    """A clip made ready, such as `avatars.store.Avatar`; see there for the arrays."""

    @property
    def frames(self) -> int: ...
    @property
    def pictures(self) -> NDArray[np.uint8]: ...
    @property
    def matrices(self) -> NDArray[np.float32]: ...
    @property
    def boxes(self) -> NDArray[np.int32]: ...
    @property
    def masks(self) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Frames of a clip as the model and the pasting need them, on the device.

    Attributes:
        faces: `(n, 3, 256, 256)` uint8 RGB, the aligned faces.
        image: `(n, 4, 32, 32)`, their latents.
        masked: `(n, 4, 32, 32)`, the latents of the faces without what the model draws.
        pictures: `(n, box height * 3 // 2, box width)` uint8 I420, what the clip shows in the box.
        shares: `(n, box height, box width)` uint8, the box's soft mask: 255 where the face shows.
        across: `(n, box width, 2)` int32, with `down` the way from the box to the crop, see `paste.fit_warp`.
        down: `(n, box height, 2)` int32.
    """

    faces: Tensor
    image: Tensor
    masked: Tensor
    pictures: Tensor
    shares: Tensor
    across: Tensor
    down: Tensor

    @classmethod
    def stack(cls, looks: Sequence[Self]) -> Self:
        """Join frames that were taken out one by one."""
        return cls(*(torch.stack(parts) for parts in zip(*(look.parts() for look in looks), strict=True)))

    def parts(self) -> tuple[Tensor, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def frame(self, number: int) -> Self:
        """Take one frame out, in memory of its own."""
        return type(self)(*(part[number].clone() for part in self.parts()))

    @property
    def size_bytes(self) -> int:
        return sum(part.nbytes for part in self.parts())


class Portrait:
    """A clip on the device. Used by one thread.

    Args:
        clip: any number of frames, with boxes of one size.
        encode: gives the latents of faces, and of faces without what the model draws, each
            `(n, 4, 32, 32)`, of `(n, 3, 256, 256)` uint8.
    """

    def __init__(
        self, clip: Clip, encode: Callable[[Tensor], tuple[Tensor, Tensor]], device: torch.device
    ) -> None:
        self._clip, self._encode, self._device = clip, encode, device
        self._kept: OrderedDict[int, Looks] = OrderedDict()

    def look(self, clip_frames: Sequence[int]) -> Looks:
        """Return frames of the clip, in the order given; a frame may come more than once.

        The host waits for nothing on the device, unless a frame is new and has to be brought there.

        Raises:
            ValueError: the clip has no such frame, or none is asked for.
        """
        wrong = [frame for frame in clip_frames if not 0 <= frame < self._clip.frames]
        if wrong or not clip_frames:
            raise ValueError(f"frames {wrong} asked of a clip of {self._clip.frames}")
        new = [frame for frame in dict.fromkeys(clip_frames) if frame not in self._kept]
        for first in range(0, len(new), MADE_AT_ONCE):
            self._make(new[first : first + MADE_AT_ONCE])
        looks = Looks.stack([self._kept[frame] for frame in clip_frames])
        self._forget(clip_frames)
        return looks

    def _make(self, frames: list[int]) -> None:
        filled = [*frames, *frames[-1:] * (MADE_AT_ONCE - len(frames))]
        looks = self._looks(filled)
        for number, frame in enumerate(frames):
            self._kept[frame] = looks.frame(number)

    def _looks(self, frames: list[int]) -> Looks:
        clip = self._clip
        views = [(clip.pictures[frame], clip.matrices[frame], clip.boxes[frame]) for frame in frames]
        faces = self._bring([cut_face(*view) for view in views]).permute(0, 3, 1, 2).contiguous()
        image, masked = self._encode(faces)
        warps = [fit_warp(matrix.astype(np.float64), *_numbers(box)) for _, matrix, box in views]
        return Looks(
            faces=faces,
            image=image,
            masked=masked,
            pictures=self._bring([cut(picture, *_numbers(box)) for picture, _, box in views]),
            shares=self._bring([clip.masks[frame] for frame in frames]),
            across=self._bring([across for across, _ in warps]),
            down=self._bring([down for _, down in warps]),
        )

    def _bring(self, arrays: Sequence[NDArray[np.generic]]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(self._device)

    def _forget(self, used: Sequence[int]) -> None:
        for frame in used:
            self._kept.move_to_end(frame)
        room = max(1, KEPT_BYTES // self._kept[used[0]].size_bytes)
        while len(self._kept) > room:
            self._kept.popitem(last=False)


def cut_face(picture: Picture, matrix: NDArray[np.float32], box: NDArray[np.int32]) -> Picture:
    """Return the aligned face of an I420 picture as the model sees it: `(256, 256, 3)` RGB.

    Args:
        matrix: `(2, 3)`, from the picture to the crop.
        box: x, y, width and height of a rectangle that holds the crop, as far as the picture does.
    """
    height, width = picture.shape[0] * 2 // 3, picture.shape[1]
    x, y, box_width, box_height = _numbers(box)
    left, top = max(0, x - _MARGIN_PX), max(0, y - _MARGIN_PX)
    right, bottom = min(width, x + box_width + _MARGIN_PX), min(height, y + box_height + _MARGIN_PX)
    here = matrix.astype(np.float64)
    here[:, 2] += here[:, :2] @ (left, top)
    return to_face(crop(to_rgb(cut(picture, left, top, right - left, bottom - top)), here))


def _numbers(box: NDArray[np.int32]) -> Iterator[int]:
    return (int(number) for number in box)
