"""The same chunk in the published order: eager, both encodings for each chunk, faces pasted on the CPU.

It has our networks and torch's own operations, so that the order and the kernels are what is compared.
"""

import numpy as np
import torch
from torch import Tensor

from bench.chunk.ours import STEPS, Chunk
from latentsync import fused, norm, vae
from latentsync.geometry import paste
from latentsync.mask import face_mask, latent_mask
from latentsync.paste import to_cuts
from latentsync.picture import to_rgb


class Published:
    """Renders the frames of a `Chunk`, whose model has its plain UNet, and no graphs."""

    def __init__(self, chunk: Chunk) -> None:
        model = chunk.model
        self._chunk, self._scene = chunk, chunk.scene
        looks = chunk.portrait.look(chunk.clip_frames)
        self._faces = (looks.faces / 127.5 - 1).to(model.dtype)
        self._kept = torch.from_numpy(face_mask()).to(model.device, model.dtype)
        self._mask = torch.from_numpy(latent_mask()).to(model.device, model.dtype)
        self._pictures = [to_rgb(self._scene.pictures[frame]) for frame in chunk.clip_frames]

    @torch.inference_mode()
    def render(self) -> None:
        """Render and paste the chunk."""
        model, faces, frames = self._chunk.model, self._faces, len(self._faces)
        image, masked = (vae.encode(model.autoencoder, part) for part in (faces, faces * self._kept))
        latents = model.sampler.sample(
            model.unet, self._chunk.noise, self._mask.expand(1, 1, frames, -1, -1), _together(masked),
            _together(image), self._chunk.sound, STEPS, 1.0,
        )  # fmt: skip
        scaled = latents[0].transpose(0, 1) / vae.scaling(model.autoencoder)
        drawn = model.autoencoder.decode(scaled).sample
        self._paste(torch.lerp(drawn, faces, self._kept))

    def _paste(self, faces: Tensor) -> None:
        cuts = to_cuts(faces).cpu().permute(0, 2, 3, 1).numpy().astype(np.uint8)
        for picture, cut, frame in zip(self._pictures, cuts, self._chunk.clip_frames, strict=True):
            paste(picture, cut, self._scene.matrices[frame].astype(np.float64))


def _together(latents: Tensor) -> Tensor:
    return latents.transpose(0, 1)[None]


class PlainTorch:
    """While it lasts, torch's own operations are used in place of the kernels."""

    def __enter__(self) -> None:
        self._fast = fused.fast
        fused.fast = norm.fast = lambda x: False  # type: ignore[attr-defined]  # noqa: ARG005

    def __exit__(self, *_: object) -> None:
        fused.fast = norm.fast = self._fast  # type: ignore[attr-defined]
