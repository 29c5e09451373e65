from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentsync.config import LATENTSYNC_1_0
from latentsync.sampler import Denoiser, Sampler
from latentsync.unet import Heard, UNet
from tests.latentsync.networks import SMALL, TINY, drawn, drawn_unet, tiny_unet
from tests.latentsync.reference import error, recorded
from tests.latentsync.test_unet import error_at_samples

LOOPS = [1.0, pytest.param(1.5, marks=pytest.mark.slow)]  # 20 and 40 passes of the small network


@cache
def small_loop(guidance_scale: float) -> NDArray[np.float32]:
    latents = Sampler(LATENTSYNC_1_0.sampler).sample(
        drawn_unet(SMALL),
        noise=drawn("loop.noise", 1, 4, 1, 32, 32),
        mask=drawn("loop.mask", 1, 1, 5, 32, 32) > 0,
        masked=drawn("loop.masked", 1, 4, 5, 32, 32),
        image=drawn("loop.image", 1, 4, 5, 32, 32),
        audio=drawn("unet.audio", 5, 50, 384),
        steps=20,
        guidance_scale=guidance_scale,
    )
    return np.asarray(latents)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("guidance_scale", LOOPS)
def test_some_numbers_of_a_loop_are_the_published_ones(guidance_scale: float) -> None:
    assert error_at_samples(small_loop(guidance_scale), f"loop_small_guidance{guidance_scale}") < 1e-5


@pytest.mark.timeout(600)
@pytest.mark.parametrize("guidance_scale", LOOPS)
def test_a_loop_is_the_published_one(guidance_scale: float) -> None:
    theirs = recorded("unet_small")[f"loop_small_guidance{guidance_scale}"]
    assert error(small_loop(guidance_scale), theirs) < 1e-5


def sampler() -> Sampler:
    return Sampler(LATENTSYNC_1_0.sampler)


def test_timesteps_are_the_published_ones() -> None:
    assert sampler().timesteps(20) == list(range(951, 0, -50))
    assert sampler().timesteps(1) == [1]
    assert sampler().timesteps(999)[0] == 999


@pytest.mark.parametrize("steps", [-1, 0, 1000])
def test_a_number_of_steps_that_cannot_be_is_an_error(steps: int) -> None:
    with pytest.raises(ValueError, match=f"{steps} inference steps asked for; 1 to 999 can be"):
        sampler().timesteps(steps)


def sampled(
    unet: Denoiser, given: dict[str, Tensor], steps: int, guidance_scale: float = 1.0, real: int | None = None
) -> Tensor:
    names = ("noise", "mask", "masked", "image", "audio")
    noise, mask, masked, image, audio = (given[name] for name in names)
    return sampler().sample(unet, noise, mask, masked, image, audio, steps, guidance_scale, real)


def inputs(frames: int, batch: int = 1) -> dict[str, Tensor]:
    return {
        "noise": drawn("noise", 1, 4, 1, 8, 8),
        "mask": (drawn("mask", batch, 1, frames, 8, 8) > 0).float(),
        "masked": drawn("masked", batch, 4, frames, 8, 8),
        "image": drawn("image", batch, 4, frames, 8, 8),
        "audio": drawn("audio", batch * frames, 50, TINY.audio_width),
    }


@dataclass
class Watched:
    """A UNet that keeps the batch sizes it is asked for, and what `real` it is told."""

    unet: UNet
    batches: list[int] = field(default_factory=list)
    reals: list[int | None] = field(default_factory=list)

    def listen(self, audio: Tensor) -> Heard:
        return self.unet.listen(audio)

    def denoise(self, sample: Tensor, timestep: int, heard: Heard, real: int | None) -> Tensor:
        self.batches.append(len(sample))
        self.reals.append(real)
        return self.unet.denoise(sample, timestep, heard, real)


class Silent(Watched):
    """A network that finds no noise."""

    def listen(self, *_: Any) -> Heard:
        return []

    def denoise(self, sample: Tensor, *_: Any) -> Tensor:
        return torch.zeros_like(sample[:, :4])


class TwoPasses(Watched):
    """The same with each half of a batch in a pass of its own."""

    def denoise(self, sample: Tensor, timestep: int, heard: Heard, real: int | None) -> Tensor:
        halves = zip(sample.chunk(2), self._halves(heard), strict=True)
        passes = [super(TwoPasses, self).denoise(half, timestep, part, real) for half, part in halves]
        return torch.cat(passes)

    def _halves(self, heard: Heard) -> list[Heard]:
        split = [(keys.chunk(2), values.chunk(2)) for keys, values in heard]
        return [[(keys[half], values[half]) for keys, values in split] for half in range(2)]


def test_guidance_as_one_batch_is_guidance_in_two_passes() -> None:
    once, twice = Watched(tiny_unet()), TwoPasses(tiny_unet())
    at_once = sampled(once, inputs(frames=3), steps=3, guidance_scale=1.5)
    apart = sampled(twice, inputs(frames=3), steps=3, guidance_scale=1.5)
    assert once.batches == [2] * 3
    assert twice.batches == [1] * 6
    assert torch.allclose(at_once, apart, atol=1e-4)


def test_guidance_goes_past_silence_towards_the_sound() -> None:
    given = inputs(frames=2)
    known = [given[name] for name in ("mask", "masked", "image")]
    sample = torch.cat([given["noise"].expand_as(given["image"]), *known], dim=1)
    silence = tiny_unet()(sample, 1, torch.zeros_like(given["audio"]))
    sound = tiny_unet()(sample, 1, given["audio"])
    by_hand: Tensor = silence + 3 * (sound - silence)

    class Told(Watched):
        def denoise(self, *_: Any) -> Tensor:
            return by_hand

    ours = sampled(tiny_unet(), given, steps=1, guidance_scale=3.0)
    right = sampled(Told(tiny_unet()), given, steps=1)
    assert torch.allclose(ours, right, atol=1e-4)


@pytest.mark.parametrize("guidance_scale", [1.0, 0.5])
def test_without_guidance_there_is_one_pass(guidance_scale: float) -> None:
    watched = Watched(tiny_unet())
    sampled(watched, inputs(frames=2), steps=2, guidance_scale=guidance_scale)
    assert watched.batches == [1, 1]


def test_all_elements_of_a_batch_begin_with_the_same_noise() -> None:
    given = inputs(frames=2)
    twice = {name: torch.cat([value, value]) for name, value in given.items()} | {"noise": given["noise"]}
    both = sampled(tiny_unet(), twice, steps=2)
    alone = sampled(tiny_unet(), given, steps=2)
    assert torch.allclose(both, torch.cat([alone, alone]), atol=1e-4)


@pytest.mark.parametrize("guidance_scale", [1.0, 1.5])
def test_a_padded_chunk_gives_the_frames_of_the_short_one(guidance_scale: float) -> None:
    whole = inputs(frames=5)
    short = {name: value if name == "noise" else value[:, :, :3] for name, value in whole.items()}
    short["audio"] = whole["audio"][:3]
    padded = sampled(tiny_unet(), whole, steps=3, guidance_scale=guidance_scale, real=3)
    alone = sampled(tiny_unet(), short, steps=3, guidance_scale=guidance_scale)
    assert torch.allclose(padded[:, :, :3], alone, atol=1e-4)


def test_steps_go_down_the_trained_schedule_and_end_at_its_first_timestep() -> None:
    left = np.cumprod(
        1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    )  # of the picture, at each timestep
    given = inputs(frames=1)
    ours = sampled(Silent(tiny_unet()), given, steps=20)
    right = given["noise"] * (left[0] / left[951]) ** 0.5
    assert error(ours.numpy(), right.numpy()) < 1e-5


def test_steps_between_are_taken_in_float32() -> None:
    given = inputs(frames=2)
    halves = {name: value.half() for name, value in given.items()} | {"noise": given["noise"]}
    half = sampled(Silent(tiny_unet()), halves, steps=100)
    right = sampled(Silent(tiny_unet()), given, steps=100)
    assert half.dtype == torch.float16
    assert torch.equal(half, right.half())
