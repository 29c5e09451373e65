from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatars.boxes import fit_boxes
from latentsync import geometry
from latentsync.paste import fit_warp, to_cuts, warp
from tests.latentsync.drawn import draw
from tests.latentsync.reference import error, recorded
from tests.latentsync.test_geometry import MATRICES, made_picture

# Faces smaller and larger than the crop, turned, and one that hangs over the picture's left and top edges.
PLACES = [
    *MATRICES[:2],
    [[1.4, -0.2, -300.0], [0.2, 1.4, -250.0]],
    [[0.61, 0.05, -80.0], [-0.05, 0.61, -40.0]],
    [[2.0, 0.1, 35.0], [-0.1, 2.0, 60.0]],
]


def made_cut(name: str) -> NDArray[np.uint8]:
    """A crop of noise, so that a place off by a 32nd of a pixel shows."""
    return np.asarray((127 + 50 * draw(name, (280, 210, 3))).clip(0, 255), np.uint8)


def tables(matrix: NDArray[Any], *window: int) -> tuple[Tensor, Tensor]:
    across, down = fit_warp(matrix, *window)
    return torch.from_numpy(across)[None], torch.from_numpy(down)[None]


def pasted(picture: NDArray[np.uint8], cut: NDArray[np.uint8], matrix: NDArray[Any]) -> NDArray[np.uint8]:
    """`geometry.paste` by way of torch."""
    height, width = picture.shape[:2]
    cuts = torch.from_numpy(cut).permute(2, 0, 1)[None].float()
    face = warp(cuts, *tables(matrix, 0, 0, width, height))[0].permute(1, 2, 0).numpy()
    share = geometry.soft_mask(matrix, 0, 0, width, height)[..., None]
    return np.asarray(share * face + (1 - share) * picture, np.float32).astype(np.uint8)


def test_the_pasted_picture_is_the_published_one() -> None:
    theirs = recorded("geometry")
    picture = made_picture(*theirs["image_hw"])
    ours = pasted(picture, theirs["paste_face"], theirs["paste_affine"])
    assert error(ours, theirs["paste_result"]) < 1e-5
    assert np.array_equal(ours, theirs["paste_result"])


@pytest.mark.parametrize("matrix", PLACES)
def test_it_pastes_as_opencv_does_to_the_bit(matrix: list[list[float]]) -> None:
    picture, cut = made_picture(600, 800), made_cut("paste.cut")
    expected = geometry.paste(picture, cut, np.array(matrix))
    assert np.count_nonzero(expected != picture) > 10_000
    assert np.array_equal(pasted(picture, cut, np.array(matrix)), expected)


def test_a_window_is_that_part_of_the_whole() -> None:
    matrix, cut = np.array(PLACES[2]), torch.from_numpy(made_cut("paste.cut")).permute(2, 0, 1)[None].float()
    x, y, width, height = (int(number) for number in fit_boxes(matrix[None].astype(np.float32), 800, 600)[0])
    whole = warp(cut, *tables(matrix, 0, 0, 800, 600))
    window = warp(cut, *tables(matrix, x, y, width, height))
    share = torch.from_numpy(geometry.soft_mask(matrix, 0, 0, 800, 600))
    part = (..., slice(y, y + height), slice(x, x + width))
    assert torch.equal(share[part] * window, (share * whole)[part])


def test_many_at_once_are_as_one_by_one() -> None:
    cuts = torch.stack([torch.from_numpy(made_cut(f"cut {i}")).permute(2, 0, 1).float() for i in range(3)])
    warps = [tables(np.array(matrix), 0, 0, 800, 600) for matrix in PLACES[:3]]
    across, down = (torch.cat(parts) for parts in zip(*warps, strict=True))
    together = warp(cuts, across, down)
    for i, (one_across, one_down) in enumerate(warps):
        assert torch.equal(together[i : i + 1], warp(cuts[i : i + 1], one_across, one_down))


def test_faces_take_the_crops_size_in_whole_levels() -> None:
    faces = torch.from_numpy(draw("paste.faces", (2, 3, 256, 256)))
    cuts = to_cuts(faces)
    assert cuts.shape == (2, 3, 280, 210)
    assert cuts.dtype == torch.float32
    assert torch.equal(cuts, cuts.round())
    assert cuts.min() >= 0
    assert cuts.max() <= 255
    for value, level in ((-1.0, 0), (1.0, 255), (0.1, 140), (-3.0, 0), (3.0, 255)):
        assert torch.all(to_cuts(torch.full((1, 3, 256, 256), value)) == level)


def test_a_face_made_narrower_is_not_aliased() -> None:
    stripes = torch.ones(1, 3, 256, 256)
    stripes[..., ::2] = -1
    inner = to_cuts(stripes)[..., 5:-5]
    plain = torch.nn.functional.interpolate(stripes, (280, 210), mode="bilinear", align_corners=False)
    assert inner.std() < 0.7 * (127.5 * plain).std()
