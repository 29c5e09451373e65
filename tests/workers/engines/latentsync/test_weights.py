"""Two sets of checkpoints are told apart, wherever they differ as models do."""

from pathlib import Path

import numpy as np
import pytest

from latentsync.checkpoint import VAE_FILES
from latentsync.lipsync import UNET, VAE, WHISPER
from workers.engines.latentsync.weights import SAMPLED_BYTES, fingerprint

SIZE = 4 * SAMPLED_BYTES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, path in enumerate((UNET, WHISPER, VAE / "config.json", VAE / VAE_FILES[0])):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(np.random.default_rng(number).bytes(SIZE))
    return tmp_path


def test_the_same_files_are_told_alike_whenever_they_were_written(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / UNET).write_bytes((folder / UNET).read_bytes())
    assert fingerprint(folder) == before


def test_what_lies_beside_the_weights_changes_nothing(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / VAE / ".cache").mkdir()
    (folder / VAE / "README.md").touch()
    assert fingerprint(folder) == before


@pytest.mark.parametrize("path", [UNET, WHISPER, VAE / VAE_FILES[0]])
@pytest.mark.parametrize("place", [0, SIZE // 2, SIZE - 1])
def test_another_model_is_told_apart(folder: Path, path: Path, place: int) -> None:
    before, content = fingerprint(folder), bytearray((folder / path).read_bytes())
    content[place] ^= 1
    (folder / path).write_bytes(content)
    assert fingerprint(folder) != before
