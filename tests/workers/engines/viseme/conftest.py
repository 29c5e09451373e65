"""People to speak: the presenter, and a real person where there is one beside the repository."""

from pathlib import Path

import pytest

from avatars.prepare import prepare
from avatars.probe import Limits
from avatars.store import Avatar, open_avatar
from tests.avatars.clips import FFMPEG, PRESENTER, QUICK, make
from tests.workers.engines.viseme.sounds import Sound, recorded

ROOT = Path(__file__).parents[4]
MEDIA = ROOT.parent / "shared" / "media"
CLIP_FRAMES = 60


@pytest.fixture(scope="session")
def wardrobe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wardrobe")


@pytest.fixture(scope="session")
def presenter(wardrobe: Path) -> Avatar:
    """The presenter in her full size; the picture's sides are cut off, so that her face is found sooner."""
    return _avatar(wardrobe, PRESENTER, "crop=640:720")


@pytest.fixture(scope="session")
def person(wardrobe: Path) -> Avatar:
    """Someone who speaks in the clip itself; her mouth is open most of the time."""
    if not (MEDIA / "talk1.mp4").exists():
        pytest.skip("../shared/media/talk1.mp4 is not here")
    return _avatar(wardrobe, MEDIA / "talk1.mp4", "crop=600:720:240:400")


def _avatar(folder: Path, clip: Path, crop: str) -> Avatar:
    short = folder / f"{clip.stem}.mp4"
    make(short, "-i", str(clip), "-frames:v", str(CLIP_FRAMES), "-vf", crop, "-an", *QUICK, "-crf", "12")
    return open_avatar(folder, prepare(short, folder, FFMPEG, Limits(10, 1280), lambda *_: None))


@pytest.fixture(scope="session")
def hello() -> Sound:
    """The repository's own spoken sample, of espeak-ng."""
    return recorded(ROOT / "assets" / "hello.wav", 7.8)


@pytest.fixture(scope="session")
def speech() -> Sound:
    """A recording of a person."""
    if not (MEDIA / "speech1.wav").exists():
        pytest.skip("../shared/media/speech1.wav is not here")
    return recorded(MEDIA / "speech1.wav", 9.6)
