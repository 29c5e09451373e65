"""Telling one set of checkpoints from another, at once: files of gigabytes are not read for it."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from latentsync.checkpoint import VAE_FILES
from latentsync.lipsync import UNET, VAE, WHISPER

SAMPLED_BYTES = 2**16
"""What is read of a file at its begin, middle and end; where PyTorch wrote it, the end holds checksums of it
all, and a model that was trained further differs everywhere."""
DIGITS = 8


def fingerprint(folder: Path) -> str:
    """Return what tells the checkpoints of `folder` from others, as 8 hex digits.

    Raises:
        OSError: a file cannot be read.
    """
    digest = sha256()
    vae = next((folder / VAE / name for name in VAE_FILES if (folder / VAE / name).is_file()), folder / VAE)
    for path in (folder / UNET, folder / WHISPER, folder / VAE / "config.json", vae):
        for sample in _samples(path):
            digest.update(sample)
    return digest.hexdigest()[:DIGITS]


def _samples(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size
    yield f"{path.name} {size} ".encode()
    with path.open("rb") as file:
        for place in (0, size // 2, max(0, size - SAMPLED_BYTES)):
            file.seek(place)
            yield file.read(SAMPLED_BYTES)
