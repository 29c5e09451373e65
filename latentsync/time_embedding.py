"""What a timestep is to the network: a vector that each residual block adds a projection of."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

_LONGEST = 10_000  # ratio of the slowest wave's length to the fastest's


class TimeEmbedding(nn.Module):
    """A sinusoid through two linear layers; `width` is the sinusoid's, four times that comes out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width, 4 * width)
        self.linear_2 = nn.Linear(4 * width, 4 * width)

    def forward(self, timestep: int | Tensor) -> Tensor:
        """Return `(1, 4 * width)`, through SiLU already, since every user of it begins with that.

        Args:
            timestep: a number, or a tensor without axes, for all of the batch.
        """
        weight = self.linear_1.weight
        waves = sinusoid(timestep, self.linear_1.in_features, weight.device)
        hidden = functional.silu(self.linear_1(waves.to(weight.dtype)))
        return functional.silu(self.linear_2(hidden))


def sinusoid(timestep: int | Tensor, width: int, device: torch.device) -> Tensor:
    """Return `(1, width)` float32: the cosines of ever slower waves at the timestep, then their sines."""
    half = width // 2
    places = torch.arange(half, dtype=torch.float32, device=device) / half
    angles = timestep * torch.exp(-math.log(_LONGEST) * places)
    return torch.cat([angles.cos(), angles.sin()])[None]
