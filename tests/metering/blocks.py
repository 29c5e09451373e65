"""Numbers as black and white blocks of luma that survive a lossy encoder, and reading them back. Pure.

The first block is black and the second white: between them lies the threshold for the others, and how far
apart they are is the level at which a fade shows the picture.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLACK, WHITE = 16, 235
BLOCK = 16
"""Pixels of a block's side: a macroblock of H.264, so blocks do not smear into each other."""
INNER = slice(BLOCK // 4, -BLOCK // 4)
"""The part of a block that is read, clear of its neighbours' ringing."""
CHECK_BITS = 10
MIN_LEVEL = 0.1
"""Below this contrast there is no code: the encoder's noise on plain grey reaches 0.03."""


@dataclass(frozen=True, slots=True)
class Code:
    """How named numbers lie in blocks: `fields` gives each number's bits, most significant first."""

    fields: Mapping[str, int]
    columns: int

    @property
    def blocks(self) -> int:
        return 2 + sum(self.fields.values()) + CHECK_BITS

    @property
    def width(self) -> int:
        """Pixels."""
        return self.columns * BLOCK

    @property
    def height(self) -> int:
        """Pixels."""
        return -(-self.blocks // self.columns) * BLOCK


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `level` is the contrast, 0 to 1; `numbers` is None where the check does not fit.

    `clearness` is 1 where every block is black or white, and less where two codes lie over each other: by
    how much their shares differ.
    """

    level: float
    numbers: Mapping[str, int] | None
    clearness: float = 0.0


def draw(code: Code, **numbers: int) -> NDArray[np.uint8]:
    """Return the code's luma, `(height, width)` uint8. Numbers too large for their field wrap round."""
    payload = _payload(code, numbers)
    cells = np.zeros(code.width * code.height // BLOCK**2, bool)
    cells[1 : code.blocks] = [True, *payload, *_check(payload)]
    grid = np.where(cells, WHITE, BLACK).astype(np.uint8).reshape(-1, code.columns)
    return grid.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)


def read(code: Code, luma: NDArray[np.uint8]) -> Reading:
    """Read the code in `luma`, `(height, width)` uint8, as cut from a picture."""
    cells = luma.reshape(code.height // BLOCK, BLOCK, code.columns, BLOCK)[:, INNER, :, INNER]
    values = cells.mean(axis=(1, 3)).ravel()[: code.blocks]
    contrast, middle = float(values[1] - values[0]), float(values[1] + values[0]) / 2
    level = min(max(contrast / (WHITE - BLACK), 0.0), 1.0)
    if level < MIN_LEVEL:
        return Reading(level, None)
    bits = [bool(value > middle) for value in values[2:]]
    payload, check = bits[:-CHECK_BITS], bits[-CHECK_BITS:]
    numbers = _numbers(code, payload) if check == _check(payload) else None
    return Reading(level, numbers, float(np.abs(values - middle).min()) / (contrast / 2))


def _payload(code: Code, numbers: Mapping[str, int]) -> list[bool]:
    return [
        bool(numbers[name] >> bit & 1) for name, bits in code.fields.items() for bit in reversed(range(bits))
    ]


def _numbers(code: Code, payload: list[bool]) -> dict[str, int]:
    numbers, at = {}, 0
    for name, bits in code.fields.items():
        numbers[name] = sum(bit << (bits - 1 - i) for i, bit in enumerate(payload[at : at + bits]))
        at += bits
    return numbers


def _check(payload: list[bool]) -> list[bool]:
    checksum = zlib.crc32(bytes(payload))
    return [bool(checksum >> bit & 1) for bit in range(CHECK_BITS)]
