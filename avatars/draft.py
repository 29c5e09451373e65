"""An avatar in the making: a folder under a temporary name that appears under its own when it is whole."""

import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from avatars.errors import PreparationError
from avatars.store import MANIFEST, Manifest

_ABANDONED_S = 3600.0  # a draft in which nothing was written for so long belongs to a process that died


class Draft:
    """A context manager: fill `path`, then `publish`. Without that, leaving removes what was written.

    Each process fills a draft of its own, so two that prepare the same clip at once do no more harm than
    double work: the second finds the avatar there and throws its own away.
    """

    def __init__(self, folder: Path, hash: str) -> None:
        self._home = folder / hash
        self.path = folder / f".{hash}.{uuid4().hex}.draft"

    def __enter__(self) -> Self:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _sweep(self.path.parent)
            self.path.mkdir()
        except OSError as error:
            raise PreparationError(
                f"{self.path.parent} cannot be written ({error.strerror}): set LIVE_AVATARS_FOLDER."
            ) from error
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def publish(self, manifest: Manifest) -> None:
        """Write the manifest and give the folder its name."""
        (self.path / MANIFEST).write_text(manifest.to_json())
        try:
            self.path.rename(self._home)
        except OSError:
            if not (self._home / MANIFEST).is_file():
                raise


def _sweep(folder: Path) -> None:
    for draft in folder.glob(".*.draft"):
        try:
            newest = max(file.stat().st_mtime for file in (draft, *draft.iterdir()))
        except OSError:
            continue  # its owner has just published or removed it
        if time.time() - newest > _ABANDONED_S:
            shutil.rmtree(draft, ignore_errors=True)


def check_space(folder: Path, needed_bytes: int, what: str) -> None:
    """Refuse to start what the disk cannot hold.

    Raises:
        PreparationError: fewer bytes are free than needed.
    """
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise PreparationError(
            f"Preparing {what} takes {needed_bytes / 1e6:.0f} MB, and {folder} has {free / 1e6:.0f} MB free: "
            "free some, or set LIVE_AVATARS_FOLDER, or a smaller LIVE_AVATAR_MAX_SIDE_PX."
        )
