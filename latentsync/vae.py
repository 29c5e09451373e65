"""Faces to latents and back, by the VAE of Stable Diffusion 1.x.

Weights, names and the way to latents are diffusers'. The way back is taken for each chunk, and is walked here
through diffusers' modules in the passes of `latentsync.fused`: on a GPU in half the time.
"""

import math
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from latentsync.borrowed import AutoencoderKL
from latentsync.config import VAEConfig
from latentsync.fused import add, convolve, enlarge, mix, with_bias
from latentsync.norm import group_norm

AT_ONCE = 9
"""The most latents that are decoded together: a face takes some 0.15 GB meanwhile, and more gain a tenth."""


def make_vae(config: VAEConfig) -> AutoencoderKL:
    """Return a VAE with random weights."""
    levels = len(config.block_out_channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=config.block_out_channels,
        layers_per_block=config.layers_per_block,
        latent_channels=config.latent_channels,
        norm_num_groups=config.groups,
        scaling_factor=config.scaling,
    )


def encode(vae: AutoencoderKL, faces: Tensor) -> Tensor:
    """Return the latents of faces: the posterior's mean, so that the same face always gives the same.

    Args:
        faces: `(n, 3, 256, 256)` RGB of -1 to 1, in the VAE's dtype and on its device.
    Returns:
        `(n, 4, 32, 32)`, scaled as the UNet was trained on.
    """
    return cast(Tensor, vae.encode(faces).latent_dist.mean) * scaling(vae)


def decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    """Return the faces of latents, `(n, 3, 256, 256)` RGB of about -1 to 1: `encode` the other way.

    They are decoded in parts of nearly one size; 9, 8 and 8 for a chunk of 25, so that a first chunk of 8 has
    no size to be tried out that no other has.
    """
    parts = torch.tensor_split(latents / scaling(vae), math.ceil(len(latents) / AT_ONCE))
    return torch.cat([_decode(vae, part) for part in parts])


def _decode(vae: AutoencoderKL, latents: Tensor) -> Tensor:
    decoder: Any = vae.decoder
    x = with_bias(latents, vae.post_quant_conv)
    x = _residual(decoder.mid_block.resnets[0], with_bias(x, decoder.conv_in))
    x = _residual(decoder.mid_block.resnets[1], _attend(decoder.mid_block.attentions[0], x))
    for level in decoder.up_blocks:
        for block in level.resnets:
            x = _residual(block, x)
        for upsampler in level.upsamplers or ():
            x = with_bias(enlarge(x), upsampler.conv)
    return with_bias(_norm(decoder.conv_norm_out, x, silu=True), decoder.conv_out)


def _residual(block: Any, x: Tensor) -> Tensor:
    h = convolve(_norm(block.norm1, x, silu=True), block.conv1)
    h = convolve(_norm(block.norm2, h, silu=True, shift=block.conv1.bias), block.conv2)
    shortcut = x if block.conv_shortcut is None else mix(x, block.conv_shortcut)
    return add(h, block.conv2.bias, shortcut)


def _attend(attention: Any, x: Tensor) -> Tensor:
    """One head over the pixels of each face."""
    pixels = _norm(attention.group_norm, x).permute(0, 2, 3, 1).flatten(1, 2)
    asked = (attention.to_q(pixels), attention.to_k(pixels), attention.to_v(pixels))
    found = functional.scaled_dot_product_attention(*(part[:, None] for part in asked))[:, 0]
    seen: Tensor = attention.to_out[0](found)
    return x + torch.unflatten(seen, 1, x.shape[2:]).permute(0, 3, 1, 2)


def _norm(norm: nn.GroupNorm, x: Tensor, silu: bool = False, shift: Tensor | None = None) -> Tensor:
    return group_norm(x, norm.weight, norm.bias, norm.num_groups, norm.eps, silu=silu, shift=shift)


def scaling(vae: AutoencoderKL) -> float:
    """Return the factor from the VAE's own latents to the UNet's: 0.18215."""
    return float(vae.config["scaling_factor"])
