"""Faces to latents and back, by the VAE of Stable Diffusion 1.x: thin functions over diffusers'."""

from typing import cast

from diffusers import AutoencoderKL
from torch import Tensor


def encode(vae: AutoencoderKL, faces: Tensor) -> Tensor:
    """Return the latents of faces: the posterior's mean, so that the same face always gives the same.

    Args:
        faces: `(n, 3, 256, 256)` RGB of -1 to 1, in the VAE's dtype and on its device.
    Returns:
        `(n, 4, 32, 32)`, scaled as the UNet was trained on.
    """
    return cast(Tensor, vae.encode(faces).latent_dist.mean) * scaling(vae)


def decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Return the faces of latents, `(n, 3, 256, 256)` RGB of about -1 to 1: `encode` the other way."""
    return cast(Tensor, vae.decode(latents / scaling(vae)).sample)


def scaling(vae: AutoencoderKL) -> float:
    """Return the factor from the VAE's own latents to the UNet's: 0.18215."""
    return float(vae.config["scaling_factor"])
