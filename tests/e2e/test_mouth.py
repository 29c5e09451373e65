"""On received pictures of a real avatar, the mouth follows the sound, and is closed in silence."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e import mouth
from tests.meter import Reader
from tests.metering import hearing
from tests.metering.chirps import wav
from tests.metering.recording import Recording
from tests.metering.stream import Sound, join
from tests.system import ROOT, System
from wire.media import AIR_RATE_HZ, FPS, frames_of

MEDIA = ROOT.parent / "shared" / "media"
SILENCE_S = 2
SETTLED_FRAMES = 8
"""A mouth may take a third of a second to close."""

CASES = {
    "presenter says hello": (ROOT / "assets/presenter.mp4", ROOT / "assets/hello.wav"),
    "presenter, recorded speech": (ROOT / "assets/presenter.mp4", MEDIA / "speech1.wav"),
    "person, recorded speech": (MEDIA / "talk1.mp4", MEDIA / "speech1.wav"),
}


@dataclass(frozen=True, slots=True)
class Performance:
    """Speech and then silence as received: how far the mouth is open at each frame of what was posted."""

    sound: NDArray[np.int16]
    spoken: int
    openings: NDArray[np.float64]
    idle: NDArray[np.float64]


@pytest.fixture(scope="module", params=[ROOT / "assets/presenter.mp4", MEDIA / "talk1.mp4"], ids=["presenter", "person"])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with the viseme engine and an avatar that was prepared from a clip."""
    clip: Path = request.param
    if not clip.exists():
        pytest.skip(f"{clip} is not here")
    folder = tmp_path_factory.mktemp(clip.stem)
    made = System(folder, {"LIVE_ENGINE": "viseme", "LIVE_AVATAR": str(clip)})
    command = [sys.executable, "-m", "avatars", "prepare", str(clip)]
    subprocess.run(command, cwd=ROOT, env=made.environment, check=True, stdout=subprocess.DEVNULL)
    with made as running:
        yield running
