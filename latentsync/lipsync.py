"""The whole model: a person's clip and a sound's windows in, the pictures of a mouth that speaks them out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor

from latentsync import vae
from latentsync.borrowed import AutoencoderKL
from latentsync.checkpoint import load_unet, load_vae, load_whisper
from latentsync.config import LATENTSYNC_1_0, ModelConfig
from latentsync.graphs import CapturedUNet, trials
from latentsync.mask import FACE_PX, LATENT_PX, face_mask, latent_mask
from latentsync.paste import to_cuts, warp
from latentsync.picture import lay
from latentsync.portrait import MADE_AT_ONCE, Clip, Looks, Portrait
from latentsync.sampler import Denoiser, Sampler
from latentsync.spans import POSITIONS_A_FRAME
from latentsync.unet import UNet
from latentsync.whisper import WhisperEncoder

UNET, WHISPER, VAE = Path("latentsync_unet.pt"), Path("whisper/tiny.pt"), Path("vae")
"""Where the weights lie in the checkpoints folder, as published."""

_LATENT_CHANNELS = 4


def load(
    folder: Path, device: torch.device | str, dtype: torch.dtype, config: ModelConfig = LATENTSYNC_1_0
) -> "LipSync":
    """Load the model from a checkpoints folder.

    Args:
        folder: with `latentsync_unet.pt`, `whisper/tiny.pt` and `vae/`.
        dtype: float32 computes what the published code computes; float16 is for GPUs.
    Raises:
        CheckpointError: a file is missing, damaged or of another model; the text says which and why.
    """
    return LipSync(
        load_unet(folder / UNET, config.unet, device, dtype),
        load_whisper(folder / WHISPER, config.whisper, device, dtype),
        load_vae(folder / VAE, config.vae, device, dtype),
        Sampler(config.sampler),
        torch.device(device),
        dtype,
    )


def draw_noise(seed: int) -> Tensor:
    """Return the one noise frame of a whole job, `(1, 4, 1, 32, 32)` float32 on the CPU.

    It is the same on every machine; bring it to the model's device once.
    """
    shape = (1, _LATENT_CHANNELS, 1, LATENT_PX, LATENT_PX)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Network(Denoiser, Protocol):
    """A UNet, or one behind captured graphs."""

    def room(self, frames: int) -> int:
        """Return how many frames a chunk of `frames` is best filled up to."""


class LipSync:
    """The model on one device.

    `render` is `draw`, `decode` and `lay`, one after the other; on a GPU none waits for the device.

    Attributes:
        unet: anything that denoises as the UNet does.
        whisper: hears; see `features.sound_features`.
        autoencoder: between faces and latents.
        sampler: the loop from noise to latents.
        device: where all of it lies.
        dtype: in which networks compute; pasting is float32.
    """

    def __init__(
        self,
        unet: Network,
        whisper: WhisperEncoder,
        autoencoder: AutoencoderKL,
        sampler: Sampler,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.unet, self.whisper, self.autoencoder, self.sampler = unet, whisper, autoencoder, sampler
        self.device, self.dtype = device, dtype
        self._kept = torch.from_numpy(face_mask()).to(device, dtype)
        self._kept_latents = torch.from_numpy(latent_mask()).to(device, dtype)

    @torch.inference_mode()
    def capture(self, sizes: Sequence[int]) -> None:
        """On CUDA: make ready for chunks of up to the largest of `sizes` frames, rendered by this thread.

        Steps become graphs, and faces are encoded and decoded once in each number that there will be, so that
        nothing is left to choose. What chunks of the largest size go through, unguided, is chosen by trials.
        Takes some seconds.
        """
        states, width = len(self.whisper.blocks) + 1, self.whisper.positional_embedding.shape[1]
        self.unet = CapturedUNet(cast(UNet, self.unet), sizes, (POSITIONS_A_FRAME * states, width))
        self._encode(torch.zeros(MADE_AT_ONCE, 3, FACE_PX, FACE_PX, dtype=torch.uint8, device=self.device))
        with trials():
            for size in sizes:
                vae.decode(self.autoencoder, self._kept_latents.expand(size, _LATENT_CHANNELS, -1, -1))
        torch.cuda.synchronize()
        torch.cuda.empty_cache()  # what was tried out, gigabytes at a time

    def portrait(self, clip: Clip) -> Portrait:
        """Return what this model makes of a clip, frame by frame, when it is asked for."""
        return Portrait(clip, self._encode, self.device)

    def render(
        self,
        portrait: Portrait,
        sound: Tensor,
        clip_frames: Sequence[int],
        noise: Tensor,
        steps: int = 20,
        guidance_scale: float = 1.0,
    ) -> Tensor:
        """Return a chunk's patches: what the clip shows in its boxes, with the mouth that the sound makes.

        Frames of a chunk are coupled, so a chunk's extent is part of the result.

        Args:
            portrait: of a clip, from `portrait`.
            sound: `(frames, 50, 384)`, the frames' windows, see `features.window_features`.
            clip_frames: which frames of the clip.
            noise: `(1, 4, 1, 32, 32)`: the job's, see `draw_noise`.
            steps: 1 to 999; the published number is 20.
            guidance_scale: above 1, the sound is followed more closely, at twice the work.
        Returns:
            `(frames, box height * 3 // 2, box width)` uint8 on the device: I420, each to be laid at its
            frame's box.
        Raises:
            ValueError: there is no such frame or number of steps, or not one window for each frame.
        """
        looks = portrait.look(clip_frames)
        latents = self.draw(looks, sound, noise, steps, guidance_scale)
        return self.lay(looks, self.decode(looks, latents))

    @torch.inference_mode()
    def draw(self, looks: Looks, sound: Tensor, noise: Tensor, steps: int, guidance_scale: float) -> Tensor:
        """Return the latents of the faces that speak, `(frames, 4, 32, 32)`.

        Args:
            looks: of the chunk's frames.
            sound: `(frames, 50, 384)`, and the other arguments: see `render`.
        """
        frames = len(looks.image)
        if len(sound) != frames:
            raise ValueError(f"{len(sound)} windows of sound given for {frames} frames")
        image, masked, sound = (self._filled(part) for part in (looks.image, looks.masked, sound))
        image, masked = (part.transpose(0, 1)[None] for part in (image, masked))
        mask = self._kept_latents.expand(1, 1, image.shape[2], -1, -1)
        latents = self.sampler.sample(
            self.unet, noise.to(self.device), mask, masked, image, sound.to(self.dtype), steps,
            guidance_scale, None if frames == len(sound) else frames,
        )  # fmt: skip
        return latents[0, :, :frames].transpose(0, 1)

    @torch.inference_mode()
    def decode(self, looks: Looks, latents: Tensor) -> Tensor:
        """Return the faces of latents from `draw`, `(frames, 3, 256, 256)` of about -1 to 1.

        What the model keeps of a face is the clip's own.
        """
        drawn = vae.decode(self.autoencoder, self._filled(latents))
        return torch.lerp(drawn[: len(latents)], self._scaled(looks.faces), self._kept)

    def _filled(self, part: Tensor) -> Tensor:
        """Repeat the last frame until the chunk has a size that the UNet takes best."""
        missing = self.unet.room(len(part)) - len(part)
        return torch.cat([part, part[-1:].expand(missing, *part.shape[1:])]) if missing else part

    @torch.inference_mode()
    def lay(self, looks: Looks, faces: Tensor) -> Tensor:
        """Return the patches with the faces laid into them, see `render`.

        Args:
            looks: of the frames.
            faces: `(frames, 3, 256, 256)`, -1 to 1.
        """
        laid = warp(to_cuts(faces), looks.across, looks.down)
        return lay(looks.pictures, laid, looks.shares / 255)

    @torch.inference_mode()
    def _encode(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        whole = self._scaled(faces)
        image, masked = vae.encode(self.autoencoder, torch.cat([whole, whole * self._kept])).chunk(2)
        return image, masked

    def _scaled(self, faces: Tensor) -> Tensor:
        return (faces / 127.5 - 1).to(self.dtype)
