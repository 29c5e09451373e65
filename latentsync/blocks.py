"""The levels of the UNet: going down, the middle, going up.

All take and give `(batch * frames, channels, height, width)` in channels-last memory. `time` is
`(1, time_width)`, `shares` is `(frames,)` (see `norm.group_norm`), and `heard` gives one pair of keys and
values for each transformer, in the order of use. A level without attention has no transformers.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import cast

import torch
from torch import Tensor, nn

from latentsync.attention import KeysValues, Transformer
from latentsync.config import UNetConfig
from latentsync.resnet import Downsample, ResidualBlock, Upsample


class DownBlock(nn.Module):
    """A level on the way down."""

    def __init__(
        self, config: UNetConfig, in_channels: int, channels: int, attends: bool, last: bool
    ) -> None:
        super().__init__()
        widths = [in_channels] + [channels] * (config.layers_per_block - 1)
        self.attentions = _transformers(config, channels, len(widths) if attends else 0)
        self.resnets = _residual_blocks(config, widths, channels)
        self.downsamplers = nn.ModuleList([] if last else [Downsample(channels)])

    def forward(
        self, x: Tensor, time: Tensor, shares: Tensor, heard: Iterator[KeysValues]
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the pictures, and those that the way up will want, each made after the one before it."""
        kept = []
        for resnet, transformer in zip_longest(self.resnets, self.attentions):
            x = resnet(x, time, shares)
            x = x if transformer is None else transformer(x, next(heard))
            kept.append(x)
        for downsample in self.downsamplers:
            x = downsample(x)
            kept.append(x)
        return x, kept


class MidBlock(nn.Module):
    """The lowest level: residual block, transformer, residual block."""

    def __init__(self, config: UNetConfig, channels: int) -> None:
        super().__init__()
        self.attentions = _transformers(config, channels, 1)
        self.resnets = _residual_blocks(config, [channels, channels], channels)

    def forward(self, x: Tensor, time: Tensor, shares: Tensor, heard: Iterator[KeysValues]) -> Tensor:
        x = self.resnets[0](x, time, shares)
        x = self.attentions[0](x, next(heard))
        return cast(Tensor, self.resnets[1](x, time, shares))


class UpBlock(nn.Module):
    """A level on the way up; its residual blocks also see what the way down kept."""

    def __init__(
        self, config: UNetConfig, widths: list[int], channels: int, attends: bool, last: bool
    ) -> None:
        """Make the level; `widths` are its residual blocks' channels in, what was kept among them."""
        super().__init__()
        self.attentions = _transformers(config, channels, len(widths) if attends else 0)
        self.resnets = _residual_blocks(config, widths, channels)
        self.upsamplers = nn.ModuleList([] if last else [Upsample(channels)])

    def forward(
        self, x: Tensor, kept: list[Tensor], time: Tensor, shares: Tensor, heard: Iterator[KeysValues]
    ) -> Tensor:
        """Return the pictures; the last of `kept` are taken off it."""
        for resnet, transformer in zip_longest(self.resnets, self.attentions):
            x = resnet(torch.cat([x, kept.pop()], dim=1), time, shares)
            x = x if transformer is None else transformer(x, next(heard))
        for upsample in self.upsamplers:
            x = upsample(x)
        return x


def time_width(config: UNetConfig) -> int:
    """Return the width of the time embedding."""
    return 4 * config.block_out_channels[0]


def _residual_blocks(config: UNetConfig, widths: list[int], channels: int) -> nn.ModuleList:
    time = time_width(config)
    return nn.ModuleList(ResidualBlock(width, channels, time, config.groups) for width in widths)


def _transformers(config: UNetConfig, channels: int, count: int) -> nn.ModuleList:
    sizes = channels, config.audio_width, config.heads, config.groups
    return nn.ModuleList(Transformer(*sizes) for _ in range(count))
