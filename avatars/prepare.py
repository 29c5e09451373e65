"""Make a clip into an avatar: decode it, find the face in every frame, fit crops, boxes and soft masks."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avatars.boxes import draw_mask, fit_boxes
from avatars.clip import Decoder
from avatars.draft import Draft, check_space
from avatars.errors import PreparationError, RefusedClipError
from avatars.faces import FaceFinder
from avatars.probe import FPS, Limits, probe
from avatars.steady import BRIDGE_FRAMES, Points, bridge, find_gaps, steady
from avatars.store import (
    BOXES,
    LANDMARKS,
    MASKS,
    MATRICES,
    PICTURES,
    PREPARATION,
    Manifest,
    avatar_hash,
    is_prepared,
    open_avatar,
)
from latentsync.geometry import choose_landmarks, find_anchors, fit_matrices, smooth_landmarks

Progress = Callable[[str, int, int], None]
"""Called with the step's name, how much of it is done, and how much there is."""

_BYTES_A_PIXEL = 2  # I420 takes 1.5; masks, landmarks and some room take less than the rest
_GAPS_NAMED = 5  # in a refusal


def prepare(clip: Path, folder: Path, ffmpeg: str, limits: Limits, progress: Progress) -> str:
    """Prepare a clip, unless the avatars folder holds it already; return its hash.

    Safe to run twice at once, and to be killed: an avatar appears in the folder when it is whole.

    Raises:
        RefusedClipError: the clip cannot become an avatar; the text says why.
        PreparationError: it may be good, but disk or decoder failed.
        DamagedAvatarError: the folder holds it, but its files do not fit.
    """
    checked = probe(clip, limits)
    hash = avatar_hash(clip, limits.side_px)
    if is_prepared(folder, hash):
        open_avatar(folder, hash)
        return hash
    with Draft(folder, hash) as draft, Decoder(ffmpeg, clip, checked, limits) as decoder:
        expected = checked.frames or limits.frames
        size = (decoder.width, decoder.height)
        check_space(folder, expected * size[0] * size[1] * _BYTES_A_PIXEL, clip.name)
        try:
            found = _find_faces(decoder, draft.path / PICTURES, expected, progress)
            box = _write_arrays(draft.path, _bridged(clip.name, found), size, progress)
            draft.publish(Manifest(clip.name, PREPARATION, *size, len(found), *box))
        except OSError as error:
            raise PreparationError(f"{folder} cannot be written ({error.strerror}).") from error
    return hash


def _find_faces(decoder: Decoder, pictures: Path, expected: int, progress: Progress) -> list[Points | None]:
    found: list[Points | None] = []
    with FaceFinder() as finder, pictures.open("wb") as file:
        for picture in decoder:
            file.write(picture.data)
            found.append(finder.find(picture))
            progress("finding the face", len(found), max(expected, len(found)))
    return found


def _bridged(name: str, found: list[Points | None]) -> Points:
    gaps = find_gaps(found)
    if gaps and len(gaps[0]) == len(found):
        raise RefusedClipError(
            f"{name} shows no face in any of its frames (0 to {len(found) - 1}); an avatar needs one that "
            "looks into the camera and is at least a tenth of the picture's longer side."
        )
    long = [gap for gap in gaps if len(gap) > BRIDGE_FRAMES]
    if long:
        raise RefusedClipError(
            f"{name} loses the face for too long: {_named(long)}. "
            f"Up to {BRIDGE_FRAMES} frames in a row are bridged; cut these out, or take another clip."
        )
    return bridge(found)


def _named(gaps: list[range]) -> str:
    stretches = [
        f"frames {gap[0]} to {gap[-1]} ({gap[0] / FPS:.2f} to {gap.stop / FPS:.2f} s)"
        for gap in gaps[:_GAPS_NAMED]
    ]
    more = len(gaps) - len(stretches)
    return ", ".join(stretches) + (f" and {more} more" if more else "")


def _write_arrays(
    home: Path, landmarks: Points, size: tuple[int, int], progress: Progress
) -> tuple[int, int]:
    """Write what follows from the landmarks; return the boxes' width and height."""
    matrices = _matrices(landmarks)
    boxes = fit_boxes(matrices, *size)
    np.save(home / LANDMARKS, steady(landmarks))
    np.save(home / MATRICES, matrices)
    np.save(home / BOXES, boxes)
    box_width, box_height = (int(side) for side in boxes[0, 2:])
    shape = (len(boxes), box_height, box_width)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    with (home / MASKS).open("wb") as file:
        # One by one: together they may not fit in memory, and on a full disk a memory map ends the process.
        np.lib.format.write_array_header_1_0(file, header)  # type: ignore[no-untyped-call]  # numpy has no types here
        for i, (matrix, box) in enumerate(zip(matrices, boxes, strict=True)):
            file.write(draw_mask(matrix, box).data)
            progress("drawing the masks", i + 1, len(boxes))
    return box_width, box_height


def _matrices(landmarks: Points) -> NDArray[np.float32]:
    # As published, from landmarks as they were found: the model's own smoothing is part of what it learnt.
    smoothed = smooth_landmarks(choose_landmarks(landmarks))
    return fit_matrices(find_anchors(smoothed)).astype(np.float32)
