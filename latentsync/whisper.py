"""Whisper's encoder: what each moment of half a minute of sound says, in the states that LatentSync keeps.

Parameter names are those of the published `tiny.pt`, without its prefix `encoder.`.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from latentsync.config import WhisperConfig

_SLOWEST = 10_000  # positions in which the slowest sinusoid turns by a radian


class WhisperEncoder(nn.Module):
    """The audio encoder of Whisper. Its place in the sound's window is part of what each position says.

    Args:
        config: `LATENTSYNC_1_0.whisper` is Whisper-tiny.
    """

    positional_embedding: Tensor

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.register_buffer("positional_embedding", _sinusoids(config.positions, config.width))
        self.conv1 = nn.Conv1d(config.bands, config.width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, kernel_size=3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(config.width, config.heads) for _ in range(config.layers))
        self.ln_post = nn.LayerNorm(config.width)  # the file has it; LatentSync takes the states before it

    def forward(self, mel: Tensor) -> Tensor:
        """Return the states of every position.

        Args:
            mel: `(batch, bands, 2 * positions)`, log-mel frames, 100 a second; `(batch, 80, 3000)` for tiny.
        Returns:
            `(batch, positions, layers + 1, width)`, 50 positions a second: what goes into the first block,
            and what comes out of each; `(batch, 1500, 5, 384)` for tiny.
        """
        x = functional.gelu(self.conv1(mel))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        states = [x + self.positional_embedding]
        for block in self.blocks:
            states.append(block(states[-1]))
        return torch.stack(states, dim=2)


class Block(nn.Module):
    """Positions ask all others, and then each thinks for itself."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attn = Attention(width, heads)
        self.attn_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.mlp_ln = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, `(batch, positions, width)`, one block on."""
        x = x + self.attn(self.attn_ln(x))
        thought: Tensor = self.mlp(self.mlp_ln(x))
        return x + thought


class Attention(nn.Module):
    """Self-attention over all positions; the keys have no bias, since softmax would not see it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Return what each position hears from the others, `(batch, positions, width)` as `x`."""
        q, k, v = (self._split(part(x)) for part in (self.query, self.key, self.value))
        heard = functional.scaled_dot_product_attention(q, k, v)  # (batch, heads, positions, width / heads)
        joined: Tensor = self.out(heard.transpose(1, 2).flatten(2))
        return joined

    def _split(self, x: Tensor) -> Tensor:
        batch, positions, width = x.shape
        return x.view(batch, positions, self.heads, width // self.heads).transpose(1, 2)


def _sinusoids(positions: int, width: int) -> Tensor:
    """Return Whisper's position embedding, `(positions, width)`: sines, then cosines, of falling pitch."""
    waves = width // 2
    pitch = torch.exp(torch.arange(waves) * (-math.log(_SLOWEST) / (waves - 1)))
    turns = torch.arange(positions)[:, None] * pitch
    return torch.cat([turns.sin(), turns.cos()], dim=1)
