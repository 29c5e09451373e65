"""What cannot work is refused at start, in a sentence."""

from pathlib import Path
from typing import Any

import pytest

from settings import Settings
from streamer.canvas import Canvas
from streamer.start import avatar_of, encoder_command, label_of
from tests.streamer.conftest import make_avatar


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"clip")
    return clip


def config(clip: Path, **values: Any) -> Settings:
    return Settings(
        avatar=clip, avatars_folder=clip.parent / "avatars", hls_folder=clip.parent / "hls", **values
    )


def test_clip_that_is_not_prepared_is_refused_with_what_to_do(clip: Path) -> None:
    with pytest.raises(SystemExit, match=r"run `python -m avatars prepare`"):
        avatar_of(config(clip))


def test_clip_that_is_not_there_is_refused(clip: Path) -> None:
    clip.unlink()
    with pytest.raises(SystemExit, match=r"cannot be read: No such file or directory\.$"):
        avatar_of(config(clip))


def test_program_that_is_not_there_is_refused(clip: Path) -> None:
    with pytest.raises(SystemExit, match=r"^LIVE_FFMPEG='/none' is not a program that can be run\.$"):
        encoder_command(config(clip, ffmpeg="/none"))


def test_label_that_the_font_cannot_show_is_refused(clip: Path) -> None:
    with pytest.raises(SystemExit, match=r"has no '成生'\. Set LIVE_LABEL_FONT\.$"):
        label_of(config(clip, label_text="生成"), make_avatar())


def test_label_is_as_large_as_it_is_set(clip: Path) -> None:
    heights = []
    for size in (0.1, 0.2):
        avatar = make_avatar(640, 360)
        label = label_of(config(clip, label_size=size), avatar)
        assert label
        canvas = Canvas(avatar.pictures[0])
        label.lay(canvas)
        changed = (canvas.whole() != avatar.pictures[0])[:360]
        heights.append(int(changed.any(axis=1).sum()))
    assert heights[1] == pytest.approx(2 * heights[0], abs=3)


def test_label_turned_off_is_logged(clip: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert label_of(config(clip, label_text=""), make_avatar()) is None
    assert "the label is turned off" in caplog.text


def test_hls_folder_of_the_channel_is_made_for_each_ffmpeg(clip: Path) -> None:
    command = encoder_command(config(clip, channel="shop"))
    folder = clip.parent / "hls" / "shop"
    for _ in range(2):
        assert str(folder / "index.m3u8") in command(0)[-1]
        folder.rmdir()
