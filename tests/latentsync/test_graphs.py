"""A captured step is the step; what a chunk is filled up with shows in no frame of it."""

from copy import deepcopy
from functools import cache

import pytest
import torch
from torch import Tensor

from latentsync.config import LATENTSYNC_1_0
from latentsync.graphs import CapturedUNet
from latentsync.sampler import Sampler
from latentsync.unet import UNet
from tests.latentsync.networks import SMALL, drawn, drawn_unet
from tests.latentsync.reference import error

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

SIZES = (3, 5)
WINDOW = (50, SMALL.audio_width)
HALF_ERROR = 5e-3


@cache
def eager() -> UNet:
    unet = drawn_unet(SMALL).cuda().half()
    return unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return] # it takes it


@cache
def captured() -> CapturedUNet:
    return CapturedUNet(deepcopy(eager()), SIZES, WINDOW)


def inputs(frames: int, batch: int = 1, name: str = "graphs") -> tuple[Tensor, Tensor]:
    sample = drawn(f"{name}.sample", batch, 13, frames, 32, 32)
    audio = drawn(f"{name}.audio", batch * frames, *WINDOW)
    return sample.cuda().half(), audio.cuda().half()


def off(ours: Tensor, theirs: Tensor) -> float:
    return error(ours.float().cpu().numpy(), theirs.float().cpu().numpy())


def test_a_chunk_is_filled_up_to_the_next_size_and_a_larger_one_to_none() -> None:
    assert [captured().room(frames) for frames in (1, 3, 4, 5, 6)] == [3, 3, 5, 5, 6]


def test_once_all_is_captured_no_convolution_is_tried_out_any_more() -> None:
    captured()
    assert not torch.backends.cudnn.benchmark


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("frames", [*SIZES, 4])
@torch.inference_mode()
def test_a_step_is_the_eager_one_at_any_size_and_timestep(frames: int, batch: int) -> None:
    sample, audio = inputs(frames, batch)
    for timestep in (951, 1):
        ours = captured().denoise(sample, timestep, captured().listen(audio))
        assert off(ours, eager().denoise(sample, timestep, eager().listen(audio))) < HALF_ERROR


@torch.inference_mode()
def test_padding_shows_in_no_frame() -> None:
    sample, audio = inputs(5)
    alone = eager().denoise(sample[:, :, :4], 501, eager().listen(audio[:4]))
    padded = captured().denoise(sample, 501, captured().listen(audio), 4)[:, :, :4].clone()
    counted = captured().denoise(sample, 501, captured().listen(audio))[:, :, :4]
    assert off(padded, alone) < HALF_ERROR
    assert off(counted, alone) > 4 * HALF_ERROR


@torch.inference_mode()
def test_chunks_leave_nothing_behind_for_those_after_them() -> None:
    sample, audio = inputs(5)
    first = captured().denoise(sample, 501, captured().listen(audio)).clone()
    for frames, batch in ((3, 2), (5, 2), (3, 1), (5, 1)):
        other, sound = inputs(frames, batch, "another")
        captured().denoise(other, 1, captured().listen(sound), 2)
    assert torch.equal(captured().denoise(sample, 501, captured().listen(audio)), first)


@torch.inference_mode()
def test_a_whole_loop_is_the_eager_one() -> None:
    latents = [
        Sampler(LATENTSYNC_1_0.sampler).sample(
            unet,
            noise=drawn("loop.noise", 1, 4, 1, 32, 32).cuda(),
            mask=(drawn("loop.mask", 1, 1, 5, 32, 32) > 0).cuda(),
            masked=drawn("loop.masked", 1, 4, 5, 32, 32).cuda().half(),
            image=drawn("loop.image", 1, 4, 5, 32, 32).cuda().half(),
            audio=drawn("loop.audio", 5, *WINDOW).cuda().half(),
            steps=4,
            guidance_scale=1.5,
        )
        for unet in (captured(), eager())
    ]
    assert off(*latents) < HALF_ERROR
