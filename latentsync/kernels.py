"""Triton kernels for what lies between the matrix products, on CUDA in half precision.

Each does in one or two passes over memory what takes torch four to eight, and computes in float32. The torch
versions beside their callers say what they compute; tests hold them to each other. Imported on CUDA only:
Triton comes with torch there.

Pictures are `(frames, channels, height, width)` in channels-last memory, so that a pixel's channels lie side
by side, as in a matrix of pixels.
"""

# Triton reads its kernels' arguments by their names and annotations, and has no types of its own.
# mypy: disable-error-code="no-untyped-def, untyped-decorator, type-arg"
# ruff: noqa: N803

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

_ROWS = 128  # pixels whose sums one program takes: some hundred programs for the smallest chunk
_TILE = 32
_CHANNELS = 64  # divides every width of the networks
_FLAT = 2048  # values of an elementwise program


@triton.jit
def _sums(x, partial, pixels, channels, pieces, TILE: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    """Sum each channel and its square over up to `ROWS` pixels of a frame."""
    frame, piece = tl.program_id(0), tl.program_id(1)
    channel = tl.program_id(2) * BLOCK + tl.arange(0, BLOCK)
    total = tl.zeros([TILE, BLOCK], tl.float32)
    square = tl.zeros([TILE, BLOCK], tl.float32)
    for first in range(0, ROWS, TILE):
        pixel = piece * ROWS + first + tl.arange(0, TILE)[:, None]
        there = (pixel < pixels) & (channel[None, :] < channels)
        place = (frame * pixels + pixel).to(tl.int64) * channels + channel[None, :]
        value = tl.load(x + place, mask=there, other=0.0).to(tl.float32)
        total += value
        square += value * value
    out = partial + (frame * pieces + piece) * 2 * channels + channel
    tl.store(out, tl.sum(total, 0), mask=channel < channels)
    tl.store(out + channels, tl.sum(square, 0), mask=channel < channels)


@triton.jit
def _line(
    partial, shares, weight, bias, shift, slope, pixels, channels, width, pieces, frames, eps,
    SHIFTED: tl.constexpr, POOL: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Turn a group's sums into slope and offset of each of its channels; `frames` are pooled by `shares`."""
    one, group = tl.program_id(0), tl.program_id(1)
    lane = tl.arange(0, BLOCK)
    inside = lane < width
    channel = group * width + lane
    rows = frames * pieces
    mean = tl.zeros([BLOCK], tl.float32)
    square = tl.zeros([BLOCK], tl.float32)
    for first in range(0, rows, POOL):
        row = first + tl.arange(0, POOL)
        share = tl.load(shares + row // pieces, mask=row < rows, other=0.0)[:, None]
        place = (one * rows + row[:, None]) * 2 * channels + channel[None, :]
        there = (row[:, None] < rows) & inside[None, :] & (share > 0)
        mean += tl.sum(share * tl.load(partial + place, mask=there, other=0.0), 0)
        square += tl.sum(share * tl.load(partial + place + channels, mask=there, other=0.0), 0)
    mean = mean / pixels
    square = square / pixels
    moved = tl.zeros([BLOCK], tl.float32)
    if SHIFTED:
        moved = tl.load(shift + channel, mask=inside, other=0.0).to(tl.float32)
        square += 2 * moved * mean + moved * moved
        mean += moved
    middle = tl.sum(mean, 0) / width
    variance = tl.maximum(tl.sum(square, 0) / width - middle * middle, 0.0)
    steep = tl.load(weight + channel, mask=inside, other=0.0).to(tl.float32) / tl.sqrt(variance + eps)
    level = tl.load(bias + channel, mask=inside, other=0.0).to(tl.float32) + (moved - middle) * steep
    out = slope + one * 2 * channels + channel
    tl.store(out, steep, mask=inside)
    tl.store(out + channels, level, mask=inside)


@triton.jit
def _apply(x, slope, y, values, channels, together, SILU: tl.constexpr, BLOCK: tl.constexpr):
    """Put each value on its channel's line; `together` values share one set of lines."""
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = place < values
    line = slope + (place // together) * 2 * channels + place % channels
    value = tl.load(x + place, mask=there).to(tl.float32)
    value = value * tl.load(line, mask=there) + tl.load(line + channels, mask=there)
    if SILU:
        value = value * tl.sigmoid(value)
    tl.store(y + place, value.to(y.dtype.element_ty), mask=there)


@triton.jit
def _add(x, bias, y, out, values, channels, BOTH: tl.constexpr, BLOCK: tl.constexpr):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = place < values
    value = tl.load(x + place, mask=there).to(tl.float32)
    value += tl.load(bias + place % channels, mask=there).to(tl.float32)
    if BOTH:
        value += tl.load(y + place, mask=there).to(tl.float32)
    tl.store(out + place, value.to(out.dtype.element_ty), mask=there)


@triton.jit
def _enlarge(x, out, width, channels, BLOCK: tl.constexpr):
    """Write one line of `out`; its pixels' channels lie side by side."""
    line = tl.program_id(0).to(tl.int64)
    place = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    there = place < width * channels
    pixel, channel = place // channels, place % channels
    value = tl.load(x + ((line // 2) * (width // 2) + pixel // 2) * channels + channel, mask=there)
    tl.store(out + line * width * channels + place, value, mask=there)


@triton.jit
def _gate(x, out, width, values, BLOCK: tl.constexpr):
    place = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    there = place < values
    first = (place // width) * 2 * width + place % width
    value = tl.load(x + first, mask=there).to(tl.float32)
    gate = tl.load(x + first + width, mask=there).to(tl.float32)
    open_ = 0.5 * gate * (1 + tl.erf(gate * 0.7071067811865476))
    tl.store(out + place, (value * open_).to(out.dtype.element_ty), mask=there)


@triton.jit
def _add_norm(
    x, y, weight, bias, total, normed, rows, width, eps,
    BOTH: tl.constexpr, ROWS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    lane = tl.arange(0, BLOCK)[None, :]
    there = (row < rows) & (lane < width)
    place = row.to(tl.int64) * width + lane
    value = tl.load(x + place, mask=there, other=0.0).to(tl.float32)
    if BOTH:
        value += tl.load(y + place, mask=there, other=0.0).to(tl.float32)
        tl.store(total + place, value.to(total.dtype.element_ty), mask=there)
    mean = tl.sum(value, 1)[:, None] / width
    apart = tl.where(there, value - mean, 0.0)
    spread = tl.sum(apart * apart, 1)[:, None] / width
    line = tl.load(weight + lane, mask=lane < width, other=0.0).to(tl.float32) / tl.sqrt(spread + eps)
    level = tl.load(bias + lane, mask=lane < width, other=0.0).to(tl.float32)
    tl.store(normed + place, (apart * line + level).to(normed.dtype.element_ty), mask=there)


def group_norm(
    x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float,
    shares: Tensor | None, silu: bool, shift: Tensor | None,
) -> Tensor:  # fmt: skip
    """See `norm.group_norm`."""
    x = x.contiguous(memory_format=torch.channels_last)
    shares = x.new_ones(1, dtype=torch.float32) if shares is None else shares
    frames, channels, height, width = x.shape
    pixels, pooled = height * width, len(shares)
    pieces = triton.cdiv(pixels, _ROWS)
    partial = x.new_empty(frames, pieces, 2, channels, dtype=torch.float32)
    grid: Any = (frames, pieces, triton.cdiv(channels, _CHANNELS))
    _sums[grid](x, partial, pixels, channels, pieces, _TILE, _ROWS, _CHANNELS)
    slope = x.new_empty(frames // pooled, 2, channels, dtype=torch.float32)
    in_group = channels // groups
    _line[(frames // pooled, groups)](
        partial, shares, weight, bias, weight if shift is None else shift, slope, pixels, channels, in_group,
        pieces, pooled, eps, shift is not None, _TILE, triton.next_power_of_2(in_group),
    )  # fmt: skip
    y = torch.empty_like(x)
    _apply[_flat(x)](x, slope, y, x.numel(), channels, pooled * pixels * channels, silu, _FLAT, num_warps=8)
    return y


def add(x: Tensor, bias: Tensor, y: Tensor | None) -> Tensor:
    """See `fused.add`."""
    x = x.contiguous(memory_format=torch.channels_last)
    other = x if y is None else y.contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(x)
    _add[_flat(x)](x, bias, other, out, x.numel(), x.shape[1], y is not None, _FLAT, num_warps=8)
    return out


def enlarge(x: Tensor) -> Tensor:
    """See `fused.enlarge`."""
    x = x.contiguous(memory_format=torch.channels_last)
    frames, channels, height, width = x.shape
    size = (frames, channels, 2 * height, 2 * width)
    out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
    grid: Any = (frames * 2 * height, triton.cdiv(2 * width * channels, _FLAT))
    _enlarge[grid](x, out, 2 * width, channels, _FLAT, num_warps=8)
    return out


def gate(x: Tensor) -> Tensor:
    """See `fused.gate`."""
    x = x.contiguous()
    width = x.shape[-1] // 2
    out = torch.empty(*x.shape[:-1], width, device=x.device, dtype=x.dtype)
    _gate[_flat(out)](x, out, width, out.numel(), _FLAT, num_warps=8)
    return out


def add_norm(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """See `fused.add_norm`."""
    x = x.contiguous()
    total = torch.empty_like(x)
    return total, _normed(x, y.contiguous(), total, weight, bias, eps, True)


def normed(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """See `fused.normed`."""
    x = x.contiguous()
    return _normed(x, x, x, weight, bias, eps, False)


def _normed(
    x: Tensor, y: Tensor, total: Tensor, weight: Tensor, bias: Tensor, eps: float, both: bool
) -> Tensor:
    width = x.shape[-1]
    rows, block = x.numel() // width, triton.next_power_of_2(width)
    at_once = max(1, _FLAT // block)
    out = torch.empty_like(x)
    grid: Any = (triton.cdiv(rows, at_once),)
    _add_norm[grid](x, y, weight, bias, total, out, rows, width, eps, both, at_once, block)
    return out


def _flat(x: Tensor) -> tuple[int]:
    return (triton.cdiv(x.numel(), _FLAT),)
