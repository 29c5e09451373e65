"""What the published model computes: recorded arrays, where they are at hand, and how near ours come."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

FOLDER = Path(__file__).parents[3] / "shared" / "reference"


def recorded(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of a recording; skip the test where it is not at hand."""
    file = FOLDER / f"{name}.npz"
    if not file.is_file():
        pytest.skip(f"the recording {name}.npz is not at hand")
    with np.load(file) as arrays:
        return dict(arrays)


def error(ours: NDArray[Any], theirs: NDArray[Any]) -> float:
    """Return the relative L2 error."""
    assert ours.shape == theirs.shape
    difference = ours.astype(np.float64) - theirs.astype(np.float64)
    return float(np.linalg.norm(difference) / np.linalg.norm(theirs.astype(np.float64)))
