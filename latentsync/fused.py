"""What lies between the matrix products, each in one pass over memory where there is a kernel for it.

On a GPU these cost what reading and writing a chunk's tensors costs, once for each pass. In half precision on
CUDA they go to `latentsync.kernels`; elsewhere torch does the same in steps.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional


def fast(x: Tensor) -> bool:
    """Say whether there are kernels for tensors such as `x`."""
    return x.is_cuda and x.dtype == torch.float16


def kernels() -> Any:
    """Return `latentsync.kernels`, which only imports where torch came with Triton: for CUDA."""
    from latentsync import kernels

    return kernels


def add(x: Tensor, bias: Tensor, y: Tensor | None = None) -> Tensor:
    """Return `x + bias + y` of pictures, `(frames, channels, height, width)`; `bias` is `(channels,)`."""
    if fast(x):
        return cast(Tensor, kernels().add(x, bias, y))
    x = x + bias[:, None, None]
    return x if y is None else x + y


def add_norm(x: Tensor, y: Tensor, norm: nn.LayerNorm) -> tuple[Tensor, Tensor]:
    """Return `x + y` and what `norm` makes of it, both as `x`: `(frames, pixels, width)`."""
    if fast(x):
        return cast(tuple[Tensor, Tensor], kernels().add_norm(x, y, norm.weight, norm.bias, norm.eps))
    x = x + y
    return x, norm(x)


def normed(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """Return what `norm` makes of `x`, `(frames, pixels, width)`."""
    if fast(x):
        return cast(Tensor, kernels().normed(x, norm.weight, norm.bias, norm.eps))
    return cast(Tensor, norm(x))


def gate(x: Tensor) -> Tensor:
    """Return the first half of the last axis times the GELU of the second."""
    if fast(x):
        return cast(Tensor, kernels().gate(x))
    first, second = x.chunk(2, dim=-1)
    return first * functional.gelu(second)


def enlarge(x: Tensor) -> Tensor:
    """Return pictures, `(frames, channels, height, width)`, of twice the size: each pixel four times."""
    if fast(x):
        return cast(Tensor, kernels().enlarge(x))
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def convolve(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Return the convolution of pictures without its bias, which the next pass over them may add."""
    return functional.conv2d(x, conv.weight, None, conv.stride, cast(tuple[int, int], conv.padding))


def with_bias(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Return the convolution of pictures with its bias."""
    return add(convolve(x, conv), cast(Tensor, conv.bias))


def mix(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Return a 1×1 convolution of pictures: a matrix product over their channels."""
    pixels = functional.linear(x.permute(0, 2, 3, 1), conv.weight.flatten(1), conv.bias)
    return pixels.permute(0, 3, 1, 2)
