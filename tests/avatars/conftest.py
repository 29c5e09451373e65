from pathlib import Path

import pytest

from avatars.prepare import prepare
from avatars.store import Avatar, open_avatar
from tests.avatars.clips import FFMPEG, LIMITS, of_presenter


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An avatars folder; each avatar of the session is prepared into it once."""
    return tmp_path_factory.mktemp("avatars")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of the presenter at 600×360. She slides to the left, and is hidden in frames 8 to 12."""
    sliding = "crop=600:360:n:0,drawbox=enable='between(n,8,12)':color=gray:t=fill"
    return of_presenter(tmp_path_factory.mktemp("clip") / "presenter.mp4", sliding)


@pytest.fixture(scope="session")
def avatar(folder: Path, clip: Path) -> Avatar:
    return open_avatar(folder, prepare(clip, folder, FFMPEG, LIMITS, lambda *_: None))
