"""What is checked before the start."""

from pathlib import Path

from demo import checks
from settings import Settings


def test_nothing_is_said_where_nothing_is_wrong(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.touch()
    assert checks.problems(Settings(avatar=clip), tmp_path) == []


def test_too_little_disk_says_how_much_is_needed(tmp_path: Path) -> None:
    [sentence] = checks.disk(12, tmp_path)
    assert "12 MB are free" in sentence
    assert f"{checks.FREE_MIN_MB} MB are needed" in sentence


def test_missing_tool_and_missing_clip_name_their_settings(tmp_path: Path) -> None:
    wrong = Settings(ffmpeg=str(tmp_path / "ffmpeg"), avatar=tmp_path / "clip.mp4")
    tool, clip = checks.problems(wrong, tmp_path)
    assert tool.startswith("LIVE_FFMPEG")
    assert clip.startswith("LIVE_AVATAR")
