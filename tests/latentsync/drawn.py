"""The recorded cases' inputs and weights: every array is a function of its name and shape."""

import zlib

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def draw(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return standard normal numbers, `shape`, float32: always the same ones for a name."""
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return generator.standard_normal(shape, dtype=np.float32)


def draw_weights(network: nn.Module) -> None:
    """Give each parameter of a network the values that its name stands for; buffers keep theirs."""
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(_weight(name, tuple(parameter.shape))))


def _weight(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    drawn = draw(name, shape)
    if len(shape) > 1:
        return np.asarray(drawn / np.sqrt(np.prod(shape[1:])), np.float32)
    return np.asarray(0.1 * drawn + name.endswith("weight"), np.float32)
