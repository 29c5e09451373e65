import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentsync.config import LATENTSYNC_1_0, UNetConfig
from latentsync.norm import GroupNorm
from latentsync.unet import UNet
from tests.latentsync.networks import SMALL, TINY, drawn, drawn_unet, tiny_unet
from tests.latentsync.reference import FOLDER, error, recorded

STEPS = ["unet_small_t1", "unet_small_t501", "unet_small_t951"]
PUBLISHED = json.loads((Path(__file__).parent / "unet.json").read_text())
"""64 of the numbers of each recorded case, and where in the flattened array they lie."""


@cache
def small_step(case: str) -> NDArray[np.float32]:
    sample, audio = drawn("unet.sample", 1, 13, 5, 32, 32), drawn("unet.audio", 5, 50, 384)
    timestep = int(case.removeprefix("unet_small_t"))
    return np.asarray(drawn_unet(SMALL)(sample, timestep, audio))


@cache
def full_step() -> NDArray[np.float32]:
    sample, audio = drawn("unet.sample.full", 1, 13, 2, 32, 32), drawn("unet.audio.full", 2, 50, 384)
    return np.asarray(drawn_unet(LATENTSYNC_1_0.unet)(sample, 501, audio))


def error_at_samples(ours: NDArray[Any], case: str) -> float:
    return error(ours.ravel()[PUBLISHED[case]["positions"]], np.array(PUBLISHED[case]["values"]))


@pytest.mark.parametrize("case", STEPS)
def test_some_numbers_of_a_step_are_the_published_ones(case: str) -> None:
    assert error_at_samples(small_step(case), case) < 1e-5


@pytest.mark.parametrize("case", STEPS)
def test_a_step_is_the_published_one(case: str) -> None:
    assert error(small_step(case), recorded("unet_small")[case]) < 1e-5


@pytest.mark.slow  # 850 million weights are drawn: half a minute and 4 GB of memory
@pytest.mark.timeout(600)
def test_some_numbers_of_the_full_size_step_are_the_published_ones() -> None:
    assert error_at_samples(full_step(), "unet_full_t501") < 1e-5


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_full_size_step_is_the_published_one() -> None:
    assert error(full_step(), recorded("unet_full")["unet_full_t501"]) < 1e-5


ON_CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
HALF_ERROR = 5e-3


def half_step(config: UNetConfig, frames: int, timestep: int, names: str = "") -> NDArray[np.float32]:
    """A recorded case's step in half precision, on a GPU."""
    sample = drawn(f"unet.sample{names}", 1, 13, frames, 32, 32)
    audio = drawn(f"unet.audio{names}", frames, 50, 384)
    unet = drawn_unet(config).cuda().half()
    return np.asarray(unet(sample.cuda().half(), timestep, audio.cuda().half()).float().cpu())


@ON_CUDA
@pytest.mark.parametrize("case", STEPS)
def test_half_precision_on_a_gpu_stays_near_the_published_step(case: str) -> None:
    step = half_step(SMALL, 5, int(case.removeprefix("unet_small_t")))
    assert error_at_samples(step, case) < HALF_ERROR


@ON_CUDA
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_half_precision_of_the_full_size_stays_near_the_published_step() -> None:
    step = half_step(LATENTSYNC_1_0.unet, 2, 501, ".full")
    assert error_at_samples(step, "unet_full_t501") < HALF_ERROR


def full_size_shapes() -> list[tuple[str, list[int]]]:
    with torch.device("meta"):
        return [(name, list(value.shape)) for name, value in UNet(LATENTSYNC_1_0.unet).state_dict().items()]


def test_parameters_have_the_checkpoints_names_shapes_and_order() -> None:
    shapes = full_size_shapes()
    assert len(shapes) == 686
    assert sum(int(np.prod(shape)) for _, shape in shapes) == 849_962_244
    digest = hashlib.sha256(json.dumps(shapes).encode()).hexdigest()
    assert digest == "13f1e7bc61a551e01bccde08a807e0dd345e2d695f8cbcb1f0f6547ee66cd661"


def test_parameters_are_the_recorded_ones() -> None:
    file = FOLDER / "unet_state_dict.json"
    if not file.is_file():
        pytest.skip(f"{file.name} is not at hand")
    assert full_size_shapes() == list(json.loads(file.read_text()).items())


def tiny_inputs(frames: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    return drawn("sample", batch, 13, frames, 8, 8), drawn("audio", batch * frames, 50, TINY.audio_width)


def test_listening_once_and_denoising_is_the_whole_step() -> None:
    unet = tiny_unet()
    sample, audio = tiny_inputs(frames=3)
    heard = unet.listen(audio)
    for timestep in (1, 951):
        assert torch.equal(unet.denoise(sample, timestep, heard), unet(sample, timestep, audio))


def test_the_timestep_may_lie_on_the_device() -> None:
    sample, audio = tiny_inputs(frames=2)
    assert torch.equal(tiny_unet()(sample, torch.tensor(501), audio), tiny_unet()(sample, 501, audio))


@pytest.mark.parametrize("real", [3, torch.tensor(3)])
def test_padding_left_out_of_the_statistics_changes_no_real_frame(real: int | Tensor) -> None:
    unet = tiny_unet()
    sample, audio = tiny_inputs(frames=5)
    alone = unet(sample[:, :, :3], 501, audio[:3])
    padded = unet.denoise(sample, 501, unet.listen(audio), real)
    counted = unet.denoise(sample, 501, unet.listen(audio))
    assert torch.allclose(padded[:, :, :3], alone, atol=1e-5)
    assert not torch.allclose(counted[:, :, :3], alone, atol=1e-2)


def test_padding_in_a_batch_is_left_out_of_each_element() -> None:
    unet = tiny_unet()
    sample, audio = tiny_inputs(frames=4, batch=2)
    padded = unet.denoise(sample, 501, unet.listen(audio), 2)
    alone = unet(sample[1:, :, :2], 501, audio[4:6])
    assert torch.allclose(padded[1:, :, :2], alone, atol=1e-5)


def test_elements_of_a_batch_do_not_meet() -> None:
    sample, audio = tiny_inputs(frames=2, batch=2)
    together = tiny_unet()(sample, 501, audio)
    alone = [tiny_unet()(sample[i : i + 1], 501, audio[2 * i : 2 * i + 2]) for i in range(2)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)


def test_frames_have_no_order_but_their_own_sound() -> None:
    sample, audio = tiny_inputs(frames=3)
    turned = [2, 0, 1]
    there = tiny_unet()(sample, 501, audio)[:, :, turned]
    assert torch.allclose(tiny_unet()(sample[:, :, turned], 501, audio[turned]), there, atol=1e-5)
    assert not torch.allclose(tiny_unet()(sample[:, :, turned], 501, audio), there, atol=1e-2)


def test_pictures_stay_channels_last_throughout() -> None:
    unet = drawn_unet(TINY)
    seen = []

    def watch(module: nn.Module, _: Any, out: Tensor) -> None:
        seen.append((module, out.is_contiguous(memory_format=torch.channels_last)))

    for part in unet.modules():
        if isinstance(part, nn.Conv2d | GroupNorm):
            part.register_forward_hook(watch)
    sample, audio = tiny_inputs(frames=2)
    unet(sample, 501, audio)
    assert len(seen) > 10
    assert [module for module, kept in seen if not kept] == []


def test_a_step_never_asks_what_a_tensor_holds() -> None:
    # So a CUDA graph can capture it; on the meta device there is nothing to ask.
    unet = UNet(TINY).to("meta")
    sample, audio = (part.to("meta") for part in tiny_inputs(frames=4, batch=2))
    timestep, real = torch.tensor(501, device="meta"), torch.tensor(3, device="meta")
    assert unet.denoise(sample, timestep, unet.listen(audio), real).shape == (2, 4, 4, 8, 8)


def test_half_precision_comes_out_as_it_goes_in() -> None:
    unet = drawn_unet(TINY)
    sample, audio = tiny_inputs(frames=2)
    right = unet(sample, 501, audio)
    half = unet.bfloat16()(sample.bfloat16(), 501, audio.bfloat16())
    assert half.dtype == torch.bfloat16
    assert error(half.float().numpy(), right.numpy()) < 0.1


def test_a_window_of_sound_too_few_is_an_error() -> None:
    sample, audio = tiny_inputs(frames=3)
    with pytest.raises(ValueError, match="2 windows of sound given for 1 × 3 frames"):
        tiny_unet()(sample, 501, audio[:2])


@pytest.mark.parametrize("real", [0, 4])
def test_real_frames_that_are_not_there_are_an_error(real: int) -> None:
    sample, audio = tiny_inputs(frames=3)
    with pytest.raises(ValueError, match=f"{real} real frames asked of a chunk of 3"):
        tiny_unet().denoise(sample, 501, tiny_unet().listen(audio), real)


def test_joined_weights_give_the_same_noise() -> None:
    unet = drawn_unet(TINY)
    sample, audio = drawn("join.sample", 1, 13, 2, 8, 8), drawn("join.audio", 2, 50, TINY.audio_width)
    apart = unet(sample, 501, audio)
    unet.join()
    assert torch.allclose(unet(sample, 501, audio), apart, atol=1e-5)
