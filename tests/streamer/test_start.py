"""What cannot work is refused at start, in a sentence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avatars import store
from avatars.draft import Draft
from avatars.store import Manifest, avatar_hash
from settings import Settings
from streamer.canvas import Canvas
from streamer.outputs import Kind
from streamer.start import avatar_of, encoder_command, idle_of, label_of, targets_of
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


def lay_ready(config: Settings, clip: Path, width: int, height: int) -> None:
    """Prepare a clip by hand, of two frames of that size."""
    avatar = make_avatar(width, height, 2)
    with Draft(config.avatars_folder, avatar_hash(clip, config.avatar_max_side_px)) as draft:
        (draft.path / store.PICTURES).write_bytes(avatar.pictures.tobytes())
        np.save(draft.path / store.LANDMARKS, avatar.landmarks)
        np.save(draft.path / store.MATRICES, avatar.matrices)
        np.save(draft.path / store.BOXES, avatar.boxes)
        np.save(draft.path / store.MASKS, avatar.masks)
        draft.publish(Manifest(clip.name, store.PREPARATION, width, height, 2, 2, 2))


@pytest.fixture
def talk(clip: Path) -> Path:
    talk = clip.with_name("talk.mp4")
    talk.write_bytes(b"talk")
    return talk


def test_clip_that_speaks_may_be_another_than_that_of_idle(clip: Path, talk: Path) -> None:
    two = config(clip, talk_avatar=talk)
    for each in (clip, talk):
        lay_ready(two, each, 64, 36)
    speaking = avatar_of(two)
    idle = idle_of(two, speaking)
    assert idle
    hashes = [avatar_hash(each, two.avatar_max_side_px) for each in (clip, talk)]
    assert [idle.avatar.hash, speaking.hash] == hashes
    assert len(idle.poses.to_talk) == 2


def test_channel_has_one_clip_where_no_other_is_named(clip: Path) -> None:
    for one in (config(clip), config(clip, talk_avatar=clip), config(clip, talk_avatar="")):
        if not one.avatars_folder.exists():
            lay_ready(one, clip, 64, 36)
        assert idle_of(one, avatar_of(one)) is None


def test_clips_of_two_sizes_are_refused(clip: Path, talk: Path) -> None:
    two = config(clip, talk_avatar=talk)
    lay_ready(two, clip, 64, 36)
    lay_ready(two, talk, 36, 64)
    with pytest.raises(
        SystemExit, match=r"^LIVE_AVATAR has pictures of 64x36 pixels and LIVE_TALK_AVATAR of "
    ):
        idle_of(two, avatar_of(two))


def test_program_that_is_not_there_is_refused(clip: Path) -> None:
    with pytest.raises(SystemExit, match=r"^LIVE_FFMPEG='/none' is not a program that can be run\.$"):
        encoder_command(config(clip, ffmpeg="/none"), 1280, 720)


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


def test_stream_goes_to_hls_and_every_rtmp_address_once(clip: Path) -> None:
    urls = "rtmp://a/live/1  rtmps://b/live/2 rtmp://a/live/1"
    targets = targets_of(config(clip, channel="shop", rtmp_url=urls))
    assert [(target.id, target.kind, target.address) for target in targets] == [
        ("rtmp1", Kind.RTMP, "rtmp://a/live/1"),
        ("rtmp2", Kind.RTMP, "rtmps://b/live/2"),
        ("hls", Kind.HLS, str(clip.parent / "hls" / "shop")),
    ]
    assert [target.kind for target in targets_of(config(clip, rtmp_url=""))] == [Kind.HLS]


def test_stream_is_recorded_where_a_folder_is_named(clip: Path) -> None:
    folder = clip.parent / "recorded"
    recording = targets_of(config(clip, record_folder=folder, record_max_bytes=2**30))[-1]
    assert (recording.kind, recording.address) == (Kind.RECORDING, str(folder / "main"))
    assert recording.bytes_max == 2**30


@pytest.mark.parametrize(("gpu_works", "codec"), [(True, "h264_nvenc"), (False, "libx264")])
def test_gpu_encodes_where_a_picture_goes_through_it(
    clip: Path, caplog: pytest.LogCaptureFixture, gpu_works: bool, codec: str
) -> None:
    caplog.set_level("INFO")
    program = clip.parent / "ffmpeg"
    program.write_text(f"#!/bin/sh\nexec {'true' if gpu_works else 'false'}\n")
    program.chmod(0o755)
    command = encoder_command(config(clip, ffmpeg=str(program)), 1280, 720)(0)
    assert command[0] == str(program)
    assert command[command.index("-c:v") + 1] == codec
    assert f"encoded by {codec}" in caplog.text


def test_gpu_that_does_not_answer_is_not_waited_for(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.start.TRIAL_S", 0.2)
    program = clip.parent / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    assert "libx264" in encoder_command(config(clip, ffmpeg=str(program)), 1280, 720)(0)
