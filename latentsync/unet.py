"""The denoising network: what noise is in a face's latents, given the face, its mask and its sound."""

from collections.abc import Iterator
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

from latentsync.attention import KeysValues, Transformer
from latentsync.blocks import DownBlock, MidBlock, UpBlock
from latentsync.config import UNetConfig
from latentsync.norm import GroupNorm, frame_shares
from latentsync.resnet import EPS
from latentsync.time_embedding import TimeEmbedding

Heard = list[KeysValues]
"""What a chunk's sound is to each transformer, in the order of use; it holds for every step."""


class UNet(nn.Module):
    """Stable Diffusion 1's UNet, one picture a frame, that attends to sound where that one does to text.

    Frames of a chunk meet in the GroupNorms of residual blocks only. Inside, pictures are
    `(batch * frames, channels, height, width)` in channels-last memory, whatever comes in.
    """

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        widths = config.block_out_channels
        self.conv_in = nn.Conv2d(config.in_channels, widths[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(widths[0])
        self.down_blocks = nn.ModuleList(_down_blocks(config))
        self.up_blocks = nn.ModuleList(_up_blocks(config))
        self.mid_block = MidBlock(config, widths[-1])
        self.conv_norm_out = GroupNorm(widths[0], config.groups, EPS, silu=True)
        self.conv_out = nn.Conv2d(widths[0], config.out_channels, 3, padding=1)

    def forward(self, sample: Tensor, timestep: int | Tensor, audio: Tensor) -> Tensor:
        """Return the noise in a chunk of frames; `denoise(sample, timestep, listen(audio))`.

        Args:
            sample: `(batch, 13, frames, height, width)`: noisy latents, mask, latents of the masked face,
                latents of the face. Height and width are multiples of 8.
            timestep: 0 to 999, a number or a tensor without axes.
            audio: `(batch * frames, 50, 384)`, a window of sound for each frame.
        Returns:
            `(batch, 4, frames, height, width)`.
        Raises:
            ValueError: `audio` has not one window for each frame.
        """
        return self.denoise(sample, timestep, self.listen(audio))

    def room(self, frames: int) -> int:
        """Return `frames`: a chunk of any size goes through as it is."""
        return frames

    def join(self) -> None:
        """Take fewer, larger matrix products; the weights are final from now on."""
        for transformer in self._transformers():
            transformer.join()

    def listen(self, audio: Tensor) -> Heard:
        """Return what `audio`, `(batch * frames, 50, 384)`, is to each transformer, once for all steps."""
        return [transformer.listen(audio) for transformer in self._transformers()]

    def denoise(
        self, sample: Tensor, timestep: int | Tensor, heard: Heard, real: int | Tensor | None = None
    ) -> Tensor:
        """Return the noise in a chunk of frames whose sound is heard already.

        Args:
            sample: `(batch, 13, frames, height, width)`, see `forward`.
            timestep: 0 to 999, a number or a tensor without axes.
            heard: what `listen` says of the frames' sound.
            real: the first `real` frames count; those after them are padding, which leaves the frames that
                count as they would be without it. A number, or a tensor without axes. By default all count.
        Returns:
            `(batch, 4, frames, height, width)`.
        Raises:
            ValueError: `heard` is not of as many frames; `real` is a number, and there are no such frames.
        """
        batch, _, frames = sample.shape[:3]
        if len(heard[0][0]) != batch * frames:
            raise ValueError(f"{len(heard[0][0])} windows of sound given for {batch} × {frames} frames")
        shares = frame_shares(frames, real, sample.device)
        pictures = sample.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        noise = self._denoise(pictures, self.time_embedding(timestep), shares, iter(heard))
        return torch.unflatten(noise, 0, (batch, frames)).transpose(1, 2)

    def _denoise(self, x: Tensor, time: Tensor, shares: Tensor, heard: Iterator[KeysValues]) -> Tensor:
        x = self.conv_in(x)
        kept = [x]
        for down_block in self.down_blocks:
            x, more = down_block(x, time, shares, heard)
            kept += more
        x = self.mid_block(x, time, shares, heard)
        for up_block in self.up_blocks:
            x = up_block(x, kept, time, shares, heard)
        return cast(Tensor, self.conv_out(self.conv_norm_out(x, shares)))

    def _transformers(self) -> Iterator[Transformer]:
        for block in (*self.down_blocks, self.mid_block, *self.up_blocks):
            parts = block.get_submodule("attentions").children()
            yield from (cast(Transformer, part) for part in parts)


def _down_blocks(config: UNetConfig) -> Iterator[DownBlock]:
    widths = config.block_out_channels
    for level, (before, width) in enumerate(pairwise((widths[0], *widths))):
        last = level == len(widths) - 1
        yield DownBlock(config, before, width, attends=not last, last=last)


def _up_blocks(config: UNetConfig) -> Iterator[UpBlock]:
    widths, kept = config.block_out_channels, _kept_channels(config)
    below = widths[-1]
    for level in reversed(range(len(widths))):
        width = widths[level]
        seen = [below] + [width] * config.layers_per_block
        joined = [one + kept.pop() for one in seen]
        yield UpBlock(config, joined, width, attends=level < len(widths) - 1, last=level == 0)
        below = width


def _kept_channels(config: UNetConfig) -> list[int]:
    """Return the channels of all that the way down keeps, in its order."""
    widths = config.block_out_channels
    kept = [widths[0]]
    for level, width in enumerate(widths):
        last = level == len(widths) - 1
        kept += [width] * (config.layers_per_block if last else config.layers_per_block + 1)
    return kept
