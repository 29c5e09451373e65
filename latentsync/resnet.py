"""The convolutional parts of the UNet: residual block, and the steps between levels.

All take and give `(batch * frames, channels, height, width)` in channels-last memory.
"""

from typing import cast

from torch import Tensor, nn

from latentsync.fused import add, convolve, enlarge, mix, with_bias
from latentsync.norm import GroupNorm

EPS = 1e-5


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut; the timestep comes in between."""

    def __init__(self, in_channels: int, out_channels: int, time_width: int, groups: int) -> None:
        super().__init__()
        self.norm1 = GroupNorm(in_channels, groups, EPS, silu=True)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.time_emb_proj = nn.Linear(time_width, out_channels)
        self.norm2 = GroupNorm(out_channels, groups, EPS, silu=True)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        same = in_channels == out_channels
        self.conv_shortcut: nn.Identity | nn.Conv2d
        self.conv_shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor, time: Tensor, shares: Tensor) -> Tensor:
        """Return the pictures with `out_channels`.

        Args:
            time: `(1, time_width)`.
            shares: `(frames,)`, see `norm.group_norm`.
        """
        # The timestep adds the same to all pixels: it joins the bias, and both the next norm.
        shift = cast(Tensor, self.conv1.bias) + self.time_emb_proj(time)[0]
        h = self.norm2(convolve(self.norm1(x, shares), self.conv1), shares, shift)
        shortcut = x if isinstance(self.conv_shortcut, nn.Identity) else mix(x, self.conv_shortcut)
        return add(convolve(h, self.conv2), cast(Tensor, self.conv2.bias), shortcut)


class Downsample(nn.Module):
    """Half the height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return with_bias(x, self.conv)


class Upsample(nn.Module):
    """Twice the height and width."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return with_bias(enlarge(x), self.conv)
