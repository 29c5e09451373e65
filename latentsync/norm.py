"""GroupNorm for pictures in channels-last memory, by the statistics of one frame or of a whole chunk.

This is the one place where the frames of a chunk meet, and so where a chunk's extent becomes part of the
result.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from latentsync.fused import fast, kernels


def frame_shares(frames: int, real: int | Tensor | None, device: torch.device) -> Tensor:
    """Return each frame's share in the statistics of its chunk, `(frames,)` float32, of sum 1.

    Args:
        frames: in the chunk, with its padding.
        real: how many of them count, from the first; all by default. As a tensor without axes it may change
            from run to run of a captured CUDA graph.
    Raises:
        ValueError: `real` is a number, and there are no such frames.
    """
    if isinstance(real, int) and not 1 <= real <= frames:
        raise ValueError(f"{real} real frames asked of a chunk of {frames}")
    count = frames if real is None else real
    return (torch.arange(frames, device=device) < count).float() / count


def group_norm(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    groups: int,
    eps: float,
    shares: Tensor | None = None,
    silu: bool = False,
    shift: Tensor | None = None,
) -> Tensor:
    """Normalise each group of channels, in float32, and keep memory format and dtype.

    Args:
        x: `(batch * frames, channels, height, width)`.
        weight: `(channels,)`, and `bias` too.
        shares: `(frames,)`: statistics are taken over the frames of each batch element together, a frame
            with share 0 left out. Without it each frame has its own.
        silu: whether SiLU follows.
        shift: `(channels,)`, added to `x` first: here a convolution's bias costs no pass over memory.
    """
    if fast(x):
        return cast(Tensor, kernels().group_norm(x, weight, bias, groups, eps, shares, silu, shift))
    x = x if shift is None else x + shift[:, None, None]
    mean, variance = _moments(x, groups)
    if shares is not None:
        mean, variance = _pool(mean, variance, shares)
    slope = torch.rsqrt(variance + eps)[..., None] * torch.unflatten(weight.float(), 0, (groups, -1))
    offset = torch.unflatten(bias.float(), 0, (groups, -1)) - mean[..., None] * slope
    y = torch.addcmul(_on_pixels(offset), x.float(), _on_pixels(slope))
    return (functional.silu(y) if silu else y).to(x.dtype)


def _moments(x: Tensor, groups: int) -> tuple[Tensor, Tensor]:
    """Return mean and variance of each frame's groups, `(batch * frames, groups)` both."""
    parts = torch.unflatten(x.float(), 1, (groups, -1))
    variance, mean = torch.var_mean(parts, dim=(2, 3, 4), correction=0)
    return mean, variance


def _pool(mean: Tensor, variance: Tensor, shares: Tensor) -> tuple[Tensor, Tensor]:
    """Give all frames of a batch element the moments that they have together."""
    mean, variance = (torch.unflatten(part, 0, (-1, len(shares))) for part in (mean, variance))
    share = shares[:, None]
    middle = (mean * share).sum(dim=1, keepdim=True)
    spread = ((variance + (mean - middle) ** 2) * share).sum(dim=1, keepdim=True)
    return middle.expand_as(mean).flatten(0, 1), spread.expand_as(mean).flatten(0, 1)


def _on_pixels(x: Tensor) -> Tensor:
    return x.flatten(1)[..., None, None]  # (frames, groups, width) to (frames, channels, 1, 1)


class GroupNorm(nn.Module):
    """`group_norm` with learnt weight and bias."""

    def __init__(self, channels: int, groups: int, eps: float, silu: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.groups, self.eps, self.silu = groups, eps, silu

    def forward(self, x: Tensor, shares: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        return group_norm(x, self.weight, self.bias, self.groups, self.eps, shares, self.silu, shift)
