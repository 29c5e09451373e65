import numpy as np
import pytest
import torch
from torch import Tensor

from avatars.boxes import fit_boxes
from latentsync import geometry, portrait
from latentsync.picture import cut, to_rgb
from latentsync.portrait import MADE_AT_ONCE, Looks, Portrait, cut_face
from tests.latentsync.models import MadeClip, made_clip, tiny_lipsync

CPU = torch.device("cpu")


class Encoder:
    """Counts the faces that it is given; its latents are their mean colours."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        self.batches.append(len(faces))
        mean = faces.float().mean(dim=(1, 2, 3))[:, None, None, None].expand(-1, 4, 32, 32)
        return mean, -mean


@pytest.fixture(scope="module")
def clip() -> MadeClip:
    return made_clip()


def same(ours: Looks, theirs: Looks) -> bool:
    return all(torch.equal(a, b) for a, b in zip(ours.parts(), theirs.parts(), strict=True))


def test_a_frame_is_made_once_and_given_as_often_as_it_is_asked_for(clip: MadeClip) -> None:
    encoder = Encoder()
    made = Portrait(clip, encoder, CPU)
    first = made.look([3, 4, 4, 3])
    assert len(encoder.batches) == 1
    again = made.look([4, 3, 3, 4])
    assert len(encoder.batches) == 1
    assert same(first, Looks(*(part[[1, 0, 3, 2]] for part in again.parts())))
    made.look([5])
    assert len(encoder.batches) == 2


def test_what_it_holds_is_what_the_clip_shows(clip: MadeClip) -> None:
    looks = Portrait(clip, Encoder(), CPU).look([7])
    x, y, width, height = (int(number) for number in clip.boxes[7])
    whole = geometry.to_face(geometry.crop(to_rgb(clip.pictures[7]), clip.matrices[7].astype(np.float64)))
    assert np.abs(looks.faces[0].permute(1, 2, 0).numpy().astype(int) - whole).max() <= 1
    assert np.array_equal(looks.pictures[0].numpy(), cut(clip.pictures[7], x, y, width, height))
    assert np.array_equal(looks.shares[0].numpy(), clip.masks[7])
    assert looks.across.shape == (1, width, 2)
    assert looks.down.shape == (1, height, 2)


def test_a_crop_that_ends_with_its_box_sees_the_pixels_beside_it() -> None:
    matrix = np.array([[3.0, 0.0, -300.0], [0.0, 3.0, -60.0]], np.float32)
    picture = np.random.default_rng(1).integers(90, 160, (180, 240), np.uint8)
    whole = geometry.to_face(geometry.crop(to_rgb(picture), matrix.astype(np.float64)))
    face = cut_face(picture, matrix, fit_boxes(matrix[None], 240, 120)[0])
    assert np.abs(face.astype(int) - whole)[:, 1:].max() <= 1


def test_a_face_at_the_pictures_edge_is_grey_beyond_it() -> None:
    matrix = np.array([[2.0, 0.0, 80.0], [0.0, 2.0, 0.0]], np.float32)  # 40 pixels of the crop lie outside
    picture = np.full((180, 160), 50, np.uint8)
    face = cut_face(picture, matrix, np.array([0, 0, 66, 120], np.int32))
    assert np.all(face[:200, :90] == 127)
    assert np.all(face[:200, 110:240] != 127)


def test_latents_do_not_depend_on_what_was_made_together(clip: MadeClip) -> None:
    alone = tiny_lipsync().portrait(clip).look([2])
    together = tiny_lipsync().portrait(clip).look(range(12))
    assert same(alone, Looks(*(part[2:3] for part in together.parts())))


def test_encodings_are_made_in_batches_of_one_size(clip: MadeClip) -> None:
    encoder = Encoder()
    Portrait(clip, encoder, CPU).look(range(11))
    assert encoder.batches == [MADE_AT_ONCE] * 2


def test_memory_is_bounded_and_what_was_forgotten_is_made_again(
    clip: MadeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = Encoder()
    made = Portrait(clip, encoder, CPU)
    before = made.look([0])
    monkeypatch.setattr(portrait, "KEPT_BYTES", 3 * before.size_bytes)
    made.look(range(12))  # more than is kept can be asked for
    assert len(encoder.batches) == 3
    made.look([9, 10, 11])
    assert len(encoder.batches) == 3
    assert same(before, made.look([0]))
    assert len(encoder.batches) == 4
    made.look([10, 11])
    assert len(encoder.batches) == 4
    made.look([2])
    made.look([11, 10])  # used since 0 was
    assert len(encoder.batches) == 5


def test_ten_seconds_of_a_large_face_take_well_under_a_gigabyte() -> None:
    looks = Portrait(made_clip(1, 832, 1248, 0.35), Encoder(), CPU).look([0])
    assert looks.shares.shape[1:] >= (700, 500)
    assert looks.size_bytes * 250 < portrait.KEPT_BYTES


@pytest.mark.parametrize("frames", [[12], [0, -1], []])
def test_frames_that_the_clip_has_not_are_an_error(clip: MadeClip, frames: list[int]) -> None:
    with pytest.raises(ValueError, match="of a clip of 12"):
        Portrait(clip, Encoder(), CPU).look(frames)
