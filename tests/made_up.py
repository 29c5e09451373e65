"""Systems that play the test clip and speak with the made-up engine, so that the meter can judge them."""

from pathlib import Path

from settings import Settings
from tests.metering.clip import lay_ready
from tests.system import System

ENGINE = "tests.made_up_engine:MadeUpEngine"


def made_up(folder: Path, **environment: str) -> System:
    """Return a system under `folder`; what goes wrong in it is told by `faults_file(folder)`."""
    clip = folder / "clip.mp4"
    lay_ready(clip, folder / "avatars", Settings().avatar_max_side_px)
    common = {"LIVE_ENGINE": ENGINE, "LIVE_AVATAR": str(clip), "LIVE_VIDEO_KBPS": "800"}
    return System(folder, common | {"MADE_UP_FAULTS": str(faults_file(folder))} | environment)


def faults_file(folder: Path) -> Path:
    """Return the file that tells all workers of a system what goes wrong (see `tests.made_up_engine`)."""
    return folder / "faults"
