"""What is checked before the start."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo import __main__, checks
from settings import Settings

NOBODY = 65534


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be a user who may not write everywhere."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


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


def test_missing_clip_that_is_to_speak_names_its_setting(tmp_path: Path) -> None:
    idle = tmp_path / "clip.mp4"
    idle.touch()
    [sentence] = checks.problems(Settings(avatar=idle, talk_avatar=tmp_path / "talk.mp4"), tmp_path)
    assert sentence.startswith("LIVE_TALK_AVATAR")


def test_folder_of_another_user_is_a_sentence_where_the_demo_s_own_is_not_there_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o555)
    monkeypatch.chdir(tmp_path)
    with without_privileges(), pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ". cannot be written to: is it another user's?" in str(ended.value.code).splitlines()


def test_what_another_user_left_in_the_demo_s_folder_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").touch()
    Path("demo").mkdir(mode=0o777)
    Path("demo").chmod(0o777)
    Path("demo/lock").touch(mode=0o444)
    with without_privileges():
        [sentence] = checks.problems(Settings(avatar=Path("clip.mp4")), Path("demo"))
    assert sentence.startswith("demo/lock cannot be written to")
