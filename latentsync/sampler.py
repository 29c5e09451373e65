"""From noise to the latents of faces that speak: deterministic DDIM steps (eta 0, nothing clipped)."""

from typing import Protocol

import torch
from torch import Tensor

from latentsync.borrowed import DDIMScheduler
from latentsync.config import SamplerConfig
from latentsync.unet import Heard


class Denoiser(Protocol):
    """A UNet, or one behind captured graphs."""

    def listen(self, audio: Tensor) -> Heard: ...

    def denoise(self, sample: Tensor, timestep: int, heard: Heard, real: int | None) -> Tensor: ...


class Sampler:
    """The published sampling loop."""

    def __init__(self, config: SamplerConfig) -> None:
        self.config = config
        self._scheduler = DDIMScheduler(
            num_train_timesteps=config.train_steps,
            beta_start=config.beta_start,
            beta_end=config.beta_end,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=config.steps_offset,
            timestep_spacing="leading",
        )

    def timesteps(self, steps: int) -> list[int]:
        """Return the timesteps of `steps` steps, from the noisiest: 951, 901 … 1 for 20.

        Raises:
            ValueError: there are none, or more than the training had.
        """
        most = self.config.train_steps - self.config.steps_offset
        if not 1 <= steps <= most:
            raise ValueError(f"{steps} inference steps asked for; 1 to {most} can be")
        self._scheduler.set_timesteps(steps)
        return [int(timestep) for timestep in self._scheduler.timesteps]

    @torch.inference_mode()
    def sample(
        self,
        unet: Denoiser,
        noise: Tensor,
        mask: Tensor,
        masked: Tensor,
        image: Tensor,
        audio: Tensor,
        steps: int,
        guidance_scale: float,
        real: int | None = None,
    ) -> Tensor:
        """Return the latents of a chunk's faces, `(batch, 4, frames, height, width)` in `image`'s dtype.

        The steps between are taken in float32, whatever the network computes in.

        Args:
            noise: `(1 or batch, 4, 1, height, width)`: one frame of it serves all frames of a job.
            mask: `(batch, 1, frames, height, width)`, 1 where the face is kept.
            masked: latents of the masked faces, shape as returned.
            image: latents of the whole faces, shape as returned.
            audio: `(batch * frames, 50, 384)`, a window of sound for each frame.
            steps: how many, 1 to 999.
            guidance_scale: above 1, each step also hears silence, as one batch with the sound, and goes on
                from the one past the other.
            real: the first `real` frames count, those after them are padding; by default all count.
        Raises:
            ValueError: there is no such number of steps or of real frames.
        """
        guided = guidance_scale > 1
        known = torch.cat([mask.to(image.dtype), masked, image], dim=1)
        latents = noise.float().expand_as(image)
        heard = unet.listen(torch.cat([torch.zeros_like(audio), audio]) if guided else audio)
        for timestep in self.timesteps(steps):
            sample = torch.cat([latents.to(known.dtype), known], dim=1)
            sample = sample.repeat(2, 1, 1, 1, 1) if guided else sample
            predicted = unet.denoise(sample, timestep, heard, real).float()
            if guided:
                unheard, predicted = predicted.chunk(2)
                predicted = unheard + guidance_scale * (predicted - unheard)
            latents = self._scheduler.step(predicted, timestep, latents).prev_sample
        return latents.to(image.dtype)
