"""UNets for tests: the recorded cases' small one, and one so small that it only shows how things connect."""

from dataclasses import replace
from functools import cache

import torch
from torch import Tensor

from latentsync.config import LATENTSYNC_1_0, UNetConfig
from latentsync.unet import UNet
from tests.latentsync.drawn import draw, draw_weights

SMALL = replace(LATENTSYNC_1_0.unet, block_out_channels=(64, 128, 128, 128))
TINY = replace(LATENTSYNC_1_0.unet, block_out_channels=(16, 32), layers_per_block=1, groups=8, audio_width=12)


def drawn_unet(config: UNetConfig) -> UNet:
    """Return a UNet with the weights that its parameters' names stand for."""
    with torch.device("meta"):
        unet = UNet(config)
    unet.to_empty(device="cpu")
    draw_weights(unet)
    return unet.eval().requires_grad_(False)


@cache
def tiny_unet() -> UNet:
    return drawn_unet(TINY)


def drawn(name: str, *shape: int) -> Tensor:
    return torch.from_numpy(draw(name, shape))
