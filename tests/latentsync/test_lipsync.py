from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from latentsync.errors import CheckpointError
from latentsync.lipsync import Network, draw_noise, load
from latentsync.mask import face_mask
from latentsync.paste import to_cuts, warp
from latentsync.picture import cut
from latentsync.portrait import Looks, Portrait
from tests.latentsync.drawn import draw
from tests.latentsync.models import TINY, MadeClip, made_clip, tiny_lipsync

FRAMES = [4, 5, 5]
STEPS = 2


@pytest.fixture(scope="module")
def clip() -> MadeClip:
    return made_clip()


@pytest.fixture(scope="module")
def portrait(clip: MadeClip) -> Portrait:
    return tiny_lipsync().portrait(clip)


@pytest.fixture(scope="module")
def looks(portrait: Portrait) -> Looks:
    return portrait.look(FRAMES)


@pytest.fixture(scope="module")
def patches(portrait: Portrait) -> Tensor:
    return render(portrait)


def sound(frames: int = len(FRAMES)) -> Tensor:
    return torch.from_numpy(draw("lipsync.sound", (frames, 50, 16)))


def render(portrait: Portrait, guidance_scale: float = 1.0, seed: int = 0) -> Tensor:
    return tiny_lipsync().render(portrait, sound(), FRAMES, draw_noise(seed), STEPS, guidance_scale)


def test_patches_are_i420_of_the_boxes_size(clip: MadeClip, patches: Tensor) -> None:
    _, _, width, height = clip.boxes[0]
    assert patches.shape == (len(FRAMES), height * 3 // 2, width)
    assert patches.dtype == torch.uint8


def test_only_what_the_mask_leaves_to_the_model_changes(
    clip: MadeClip, looks: Looks, patches: Tensor
) -> None:
    drawn = torch.from_numpy(2 * (1 - face_mask()) - 1).expand(len(FRAMES), 3, -1, -1)
    where = warp(to_cuts(drawn), looks.across, looks.down)[:, 0].numpy() * (looks.shares.numpy() / 255)
    for frame, patch, share in zip(FRAMES, patches.numpy(), where, strict=True):
        x, y, width, height = (int(number) for number in clip.boxes[frame])
        before = cut(clip.pictures[frame], x, y, width, height)[:height].astype(int)
        change = np.abs(patch[:height].astype(int) - before)
        assert change[share > 250].mean() > 20
        assert change[share < 1].max() < 12  # it has been to the model's size and back


def test_the_same_order_gives_the_same_bytes_whatever_was_rendered_before(
    clip: MadeClip, patches: Tensor
) -> None:
    lipsync = tiny_lipsync()
    portrait = lipsync.portrait(clip)
    lipsync.render(portrait, sound(), [11, 5, 0], draw_noise(3), 1, 1.5)
    assert torch.equal(render(portrait), patches)


def test_seed_and_guidance_count(portrait: Portrait, patches: Tensor) -> None:
    assert not torch.equal(render(portrait, seed=1), patches)
    assert not torch.equal(render(portrait, guidance_scale=1.5), patches)


def test_noise_follows_from_the_seed_alone() -> None:
    noise = draw_noise(7)
    torch.manual_seed(1)
    assert torch.equal(draw_noise(7), noise)
    assert noise.shape == (1, 4, 1, 32, 32)
    # What another machine must draw as well.
    assert noise.flatten()[:3].tolist() == pytest.approx([-0.82, 0.39, 0.89], abs=0.01)


class Roomy:
    """A UNet that takes five frames best."""

    def __init__(self, unet: Network) -> None:
        self.listen, self.denoise = unet.listen, unet.denoise

    def room(self, frames: int) -> int:
        return max(frames, 5)


def test_chunk_that_is_filled_up_comes_out_as_it_would_alone(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    lipsync, noise = tiny_lipsync(), draw_noise(0)
    alone = lipsync.draw(looks, sound(), noise, STEPS, 1.5)
    monkeypatch.setattr(lipsync, "unet", Roomy(lipsync.unet))
    filled = lipsync.draw(looks, sound(), noise, STEPS, 1.5)
    assert len(filled) == len(FRAMES)
    assert torch.allclose(filled, alone, atol=1e-4)


def test_kept_parts_of_a_face_are_the_clips_own(looks: Looks) -> None:
    lipsync = tiny_lipsync()
    faces = lipsync.decode(looks, lipsync.draw(looks, sound(), draw_noise(0), STEPS, 1.0))
    kept = torch.from_numpy(face_mask()) == 1
    assert torch.equal(faces[..., kept], (looks.faces / 127.5 - 1)[..., kept])


def test_faces_fade_into_the_clip_by_its_soft_mask(looks: Looks) -> None:
    white = tiny_lipsync().lay(looks, torch.ones(len(FRAMES), 3, 256, 256))
    height = looks.shares.shape[1]
    share, old = looks.shares / 255, looks.pictures[:, :height]
    assert (share == 1).any()
    assert torch.all(white[:, :height][share == 1] == 235)
    off = (white[:, :height] - (share * 235 + (1 - share) * old)).abs()
    assert off[share > 0.2].max() < 1  # beyond, what the crop's edge lacks of white shows as well


def test_a_window_of_sound_for_each_frame_is_needed(portrait: Portrait) -> None:
    with pytest.raises(ValueError, match="4 windows of sound given for 3 frames"):
        tiny_lipsync().render(portrait, sound(4), FRAMES, draw_noise(0), STEPS)


def test_a_folder_without_weights_says_which(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"latentsync_unet\.pt is missing"):
        load(tmp_path, "cpu", torch.float32, TINY)
