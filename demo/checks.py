"""What must be so before the demo starts, each as a sentence where it is not."""

import os
import shutil
from pathlib import Path

from settings import Settings

FREE_MIN_MB = 1000
"""An hour of sound decoded takes 500 MB; the avatar, the recording of the queue and logs the rest."""


def problems(settings: Settings, folder: Path) -> list[str]:
    """Return a sentence for each thing that is missing. `folder`, there or not yet, is the demo's."""
    return [
        *disk(shutil.disk_usage(_nearest(folder)).free // 10**6, folder),
        *_program("LIVE_FFMPEG", settings.ffmpeg),
        *(sentence for name, clip in settings.clips.items() for sentence in _file(name, clip)),
        *_writable(folder),
    ]


def disk(free_mb: int, folder: Path) -> list[str]:
    if free_mb >= FREE_MIN_MB:
        return []
    return [
        f"Too little disk: {free_mb} MB are free at {folder}, and {FREE_MIN_MB} MB are needed: make room."
    ]


def _program(name: str, program: str) -> list[str]:
    return [] if shutil.which(program) else [f"{name}: {program} is no program that can be run."]


def _file(name: str, path: Path) -> list[str]:
    return [] if path.is_file() else [f"{name}: there is no clip at {path}."]


def _nearest(folder: Path) -> Path:
    """Return the folder; where it is not there, the one that it would be made in."""
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)


def _writable(folder: Path) -> list[str]:
    """Look at what is in it too: a demo that another user ran may have left its files."""
    there = _nearest(folder)
    places = (there, *there.glob("*")) if there == folder else (there,)
    refused = [path for path in places if not os.access(path, os.W_OK, effective_ids=True)]
    return [f"{path} cannot be written to: is it another user's?" for path in refused[:1]]
