"""Where a frame's pixels attend to each other and to the frame's window of sound. No frame sees another."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from latentsync.fused import add_norm, gate, normed
from latentsync.norm import GroupNorm

EPS = 1e-6

KeysValues = tuple[Tensor, Tensor]
"""What an attention attends to: keys and values, each `(batch * frames, heads, places, width of a head)`."""


class Attention(nn.Module):
    """Multi-head attention from states of `width` to those of `context_width`."""

    def __init__(self, width: int, context_width: int, heads: int) -> None:
        super().__init__()
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])
        self.heads = heads
        self._joined: Tensor | None = None

    def join(self) -> None:
        """Have `among` take one matrix product for three; the weights are final from now on."""
        self._joined = torch.cat([self.to_q.weight, self.to_k.weight, self.to_v.weight])

    def among(self, x: Tensor) -> Tensor:
        """Return what the states `x` find among themselves, `(batch * frames, pixels, width)` as `x` is."""
        if self._joined is None:
            return self.forward(x, self.keys_values(x))
        asked = functional.linear(x, self._joined).chunk(3, dim=-1)
        return self._found(*(self._split(part) for part in asked))

    def keys_values(self, context: Tensor) -> KeysValues:
        """Return what the context, `(batch * frames, places, context_width)`, is to this attention."""
        return self._split(self.to_k(context)), self._split(self.to_v(context))

    def forward(self, x: Tensor, keys_values: KeysValues) -> Tensor:
        """Return `(batch * frames, pixels, width)`, as `x` is."""
        return self._found(self._split(self.to_q(x)), *keys_values)

    def _found(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        found = functional.scaled_dot_product_attention(queries, keys, values)
        return cast(Tensor, self.to_out[0](found.transpose(1, 2).flatten(2)))

    def _split(self, x: Tensor) -> Tensor:
        return torch.unflatten(x, 2, (self.heads, -1)).transpose(1, 2)


class AudioCrossAttention(nn.Module):
    """Attention from pixels to sound, with the pixels' norm."""

    def __init__(self, width: int, audio_width: int, heads: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attn = Attention(width, audio_width, heads)

    def forward(self, x: Tensor, heard: KeysValues) -> Tensor:
        return cast(Tensor, self.attn(self.norm(x), heard))


class GatedLinear(nn.Module):
    """GEGLU: one half of a linear layer, gated by the GELU of the other."""

    def __init__(self, width: int, out_width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * out_width)

    def forward(self, x: Tensor) -> Tensor:
        return gate(self.proj(x))


class FeedForward(nn.Module):
    """Four times as wide inside. The place in the middle was dropout's, in training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.net = nn.Sequential(GatedLinear(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.net(x))


class TransformerBlock(nn.Module):
    """Pixels among themselves, pixels to sound, each pixel alone."""

    def __init__(self, width: int, audio_width: int, heads: int) -> None:
        super().__init__()
        self.attn1 = Attention(width, width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.audio_cross_attn = AudioCrossAttention(width, audio_width, heads)
        self.ff = FeedForward(width)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, x: Tensor, heard: KeysValues) -> Tensor:
        seen = normed(x, self.norm1)
        x, seen = add_norm(x, self.attn1.among(seen), self.audio_cross_attn.norm)
        x, seen = add_norm(x, self.audio_cross_attn.attn(seen, heard), self.norm3)
        return cast(Tensor, x + self.ff(seen))


class Transformer(nn.Module):
    """A transformer block over the pixels of each picture, beside a shortcut."""

    def __init__(self, channels: int, audio_width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.norm = GroupNorm(channels, groups, EPS)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels, audio_width, heads)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def join(self) -> None:
        """See `Attention.join`."""
        cast(TransformerBlock, self.transformer_blocks[0]).attn1.join()

    def listen(self, audio: Tensor) -> KeysValues:
        """Return what `audio`, `(batch * frames, places, audio_width)`, is to the pixels."""
        block = cast(TransformerBlock, self.transformer_blocks[0])
        return block.audio_cross_attn.attn.keys_values(audio)

    def forward(self, x: Tensor, heard: KeysValues) -> Tensor:
        """Return `(batch * frames, channels, height, width)`, as `x` is, in channels-last memory."""
        pixels = self.norm(x).permute(0, 2, 3, 1).flatten(1, 2)  # (batch * frames, height * width, channels)
        pixels = self.transformer_blocks[0](_pointwise(self.proj_in, pixels), heard)
        pixels = _pointwise(self.proj_out, pixels)
        return x + torch.unflatten(pixels, 1, x.shape[2:]).permute(0, 3, 1, 2)


def _pointwise(conv: nn.Conv2d, pixels: Tensor) -> Tensor:
    """Apply a 1×1 convolution to pixels that lie as a matrix product wants them."""
    return functional.linear(pixels, conv.weight.flatten(1), conv.bias)
