"""`python -m latentsync.download [folder]`: fetch the published weights of LatentSync 1.0.

A file grows beside its place as `<name>.<commit>.part`, goes on where an earlier run broke off while the hub
still has that commit, and gets its name once it is whole. What is there already is compared with the
published file, and left alone. `HF_ENDPOINT` names another hub, or a mirror.
"""

import argparse
import fcntl
import hashlib
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx2
from huggingface_hub import HfFileMetadata, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.file_download import http_get
from rich.console import Console

from latentsync.errors import CheckpointError

LATENTSYNC, LATENTSYNC_REVISION = "ByteDance/LatentSync", "main"
VAE, VAE_REVISION = "stabilityai/sd-vae-ft-mse", "main"


@dataclass(frozen=True, slots=True)
class Part:
    """A file that the model is loaded from.

    Attributes:
        repository: where the hub has it.
        revision: a branch, tag or commit of the repository.
        file: its path in the repository.
        place: its path in the checkpoints folder.
        sha256: of its bytes, in hex; None where it is not recorded, and the hub's word is taken.
    """

    repository: str
    revision: str
    file: str
    place: str
    sha256: str | None = None


_VAE_WEIGHTS = "diffusion_pytorch_model.safetensors"
# where these come from stands in checkpoints/README.md
_WHISPER_SHA256 = "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9"
_VAE_SHA256 = "a1d993488569e928462932c8c38a0760b874d166399b14414135bd9c42df5815"
PARTS = (
    Part(LATENTSYNC, LATENTSYNC_REVISION, "latentsync_unet.pt", "latentsync_unet.pt"),
    Part(LATENTSYNC, LATENTSYNC_REVISION, "whisper/tiny.pt", "whisper/tiny.pt", _WHISPER_SHA256),
    Part(VAE, VAE_REVISION, "config.json", "vae/config.json"),
    Part(VAE, VAE_REVISION, _VAE_WEIGHTS, f"vae/{_VAE_WEIGHTS}", _VAE_SHA256),
)
"""All that LatentSync 1.0 needs. `checkpoints/README.md` lists them too."""


def fetch(part: Part, folder: Path) -> str:
    """Put a part into its place in the checkpoints folder, unless it is there; return a sentence about it.

    Raises:
        CheckpointError: it cannot be fetched, or what lies in its place is another file.
    """
    place = folder / part.place
    if place.is_file():
        return _compare(part, place)
    offer = _ask(part)
    with _told_in_sentences(part):
        place.parent.mkdir(parents=True, exist_ok=True)
        seen = _bring(part, place, offer)
    return f"{place} is fetched: SHA-256 {seen}, of commit {offer.commit_hash}."


def _compare(part: Part, place: Path) -> str:
    try:
        wanted = part.sha256 or _announced(_ask(part))
    except CheckpointError as error:
        return f"{place} is there, and not compared with the published one: {error}"
    seen = _digest(place)
    if wanted not in (None, seen):
        raise CheckpointError(
            f"{place} is not the published file: its SHA-256 is {seen}, not {wanted}; "
            "move it away, and run this again to fetch that one."
        )
    return f"{place} is there: SHA-256 {seen}{', as published' if wanted else ''}."


def _ask(part: Part) -> HfFileMetadata:
    url = hf_hub_url(part.repository, part.file, revision=part.revision)
    with _told_in_sentences(part):
        offer = get_hf_file_metadata(url, token=False)
    if offer.commit_hash is None or offer.size is None:
        raise CheckpointError(f"What answers at {url} is not a hub: look at HF_ENDPOINT, or at a proxy.")
    return offer


def _announced(offer: HfFileMetadata) -> str | None:
    """Return the SHA-256 that the hub gives: its ETag of a large file is that, of a small one it is not."""
    etag = offer.etag or ""
    return etag if re.fullmatch("[0-9a-f]{64}", etag) else None


def _bring(part: Part, place: Path, offer: HfFileMetadata) -> str:
    """Fetch what is missing of a part, check it, and put it into its place; return its SHA-256."""
    # by commit, so that no other version can follow what is here already
    partial = place.with_name(f"{place.name}.{offer.commit_hash}.part")
    with partial.open("ab") as file:
        _lock(file, place)
        _drop_others(partial, place)
        _go_on(file, part, offer)
    seen, wanted = _digest(partial), part.sha256 or _announced(offer)
    if wanted not in (None, seen):
        partial.unlink()
        raise CheckpointError(f"{_name(part)} came with SHA-256 {seen}, not {wanted}: it was thrown away.")
    partial.replace(place)
    return seen


def _lock(file: BinaryIO, place: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # closing the file lets go of it
    except BlockingIOError as error:
        raise CheckpointError(f"{place} is being fetched by another process: wait for that one.") from error


def _drop_others(partial: Path, place: Path) -> None:
    """Delete what earlier runs left of other commits: gigabytes that nothing goes on from."""
    for other in place.parent.glob(f"{place.name}.*.part"):
        if other != partial:
            other.unlink()


def _go_on(file: BinaryIO, part: Part, offer: HfFileMetadata) -> None:
    """Append to a file what it lacks. The library itself deletes what it has when its process ends."""
    size = offer.size or 0
    if file.tell() > size:  # nothing of the file: one of this commit grows to its size and no further
        file.seek(0)
        file.truncate()
    missing, free = size - file.tell(), shutil.disk_usage(file.name).free
    if missing > free:
        raise CheckpointError(
            f"Too little disk: {part.place} needs {missing // 10**6} MB more; {free // 10**6} MB are free."
        )
    url = hf_hub_url(part.repository, part.file, revision=offer.commit_hash)
    http_get(url, file, resume_size=file.tell(), expected_size=size, displayed_filename=part.place)


@contextmanager
def _told_in_sentences(part: Part) -> Iterator[None]:
    try:
        yield
    except HfHubHTTPError as error:
        answer = error.response.status_code
        raise CheckpointError(f"The hub does not give {_name(part)}: it answered {answer}.") from error
    except (httpx2.RequestError, OfflineModeIsEnabled) as error:
        why = str(error) or type(error).__name__
        raise CheckpointError(
            f"The hub cannot be reached for {_name(part)} ({why}): run this again, it goes on where it was."
        ) from error
    except OSError as error:
        why = error.strerror or "another length came than was announced"
        raise CheckpointError(f"{part.place} cannot be fetched: {why}.") from error


def _name(part: Part) -> str:
    return f"{part.file} of {part.repository} at {part.revision}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    """Run the command; return the process's exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m latentsync.download", description="Fetch the weights of LatentSync 1.0."
    )
    parser.add_argument(
        "folder", type=Path, nargs="?", default=Path("checkpoints"), help="where to; by default checkpoints"
    )
    folder, console = parser.parse_args().folder, Console()
    try:
        for part in PARTS:
            console.print(fetch(part, folder), soft_wrap=True, highlight=False, markup=False)
    except CheckpointError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
