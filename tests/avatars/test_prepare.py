import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from avatars.errors import DamagedAvatarError, PreparationError, RefusedClipError
from avatars.prepare import prepare
from avatars.probe import Limits
from avatars.store import MASKS, Avatar, open_avatar
from latentsync.geometry import choose_landmarks, find_anchors
from tests.avatars.clips import FFMPEG, LIMITS, decode, make, of_presenter, size


def prepared(clip: Path, folder: Path, limits: Limits = LIMITS) -> Avatar:
    return open_avatar(folder, prepare(clip, folder, FFMPEG, limits, lambda *_: None))


def refusal(clip: Path, folder: Path) -> str:
    with pytest.raises(RefusedClipError) as refused:
        prepared(clip, folder)
    assert list(folder.glob("*")) == []
    return str(refused.value)


def test_the_pictures_are_the_decoded_ones(avatar: Avatar, clip: Path) -> None:
    assert np.array_equal(avatar.pictures, decode(clip))


def test_frames_without_a_face_are_bridged(avatar: Avatar) -> None:
    nose = avatar.landmarks[:, 4]
    assert np.isfinite(avatar.landmarks).all()
    assert np.diff(nose[:, 0]) == pytest.approx(-1, abs=1.5)  # a pixel a frame, by steps of two
    assert np.ptp(nose[:, 1]) < 4
    assert (np.ptp(avatar.landmarks[..., 1], axis=1) > 100).all()


def test_the_crop_lays_the_face_on_the_models_template(avatar: Avatar) -> None:
    anchors = find_anchors(choose_landmarks(avatar.landmarks))
    turn, shift = avatar.matrices[:, :, :2], avatar.matrices[:, None, :, 2]
    laid = anchors @ turn.transpose(0, 2, 1) + shift
    assert np.abs(laid - 2.8 * np.array([[17, 20], [58, 20], [37.5, 40]])).max() < 15


def test_a_prepared_clip_is_not_prepared_again(avatar: Avatar, clip: Path, folder: Path) -> None:
    calls: list[str] = []
    assert prepare(clip, folder, FFMPEG, LIMITS, lambda step, *_: calls.append(step)) == avatar.hash
    assert calls == []


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    prepare(
        of_presenter(tmp_path / "clip.mp4", "", frames=2),
        tmp_path,
        FFMPEG,
        LIMITS,
        lambda *c: calls.append(c),
    )
    steps = ("finding the face", "drawing the masks")
    assert calls == [(step, done, 2) for step in steps for done in (1, 2)]


def test_a_picture_becomes_an_avatar_of_one_frame(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=1)
    avatar = prepared(make(tmp_path / "still.png", "-i", str(clip)), tmp_path)
    assert avatar.frames == 1
    assert avatar.landmarks.shape == (1, 478, 2)
    assert avatar.masks.max() == 255


def test_a_vertical_turned_clip_at_30_fps_becomes_an_avatar(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "crop=202:360,transpose=clock,fps=30", frames=12)
    turned = make(tmp_path / "turned.mp4", "-display_rotation", "90", "-i", str(clip), "-c", "copy")
    avatar = prepared(turned, tmp_path)
    assert size(avatar.pictures[0]) == (202, 360)
    assert avatar.frames == 10
    eyes, chin = avatar.landmarks[:, [33, 263]].mean(axis=1), avatar.landmarks[:, 152]
    assert (chin[:, 1] - eyes[:, 1] > 30).all()


def test_a_clip_without_a_face_is_refused(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "wall.mp4", "drawbox=color=gray:t=fill", frames=5)
    assert refusal(clip, tmp_path / "avatars").startswith(
        "wall.mp4 shows no face in any of its frames (0 to 4);"
    )


def test_a_face_lost_for_longer_than_can_be_bridged_is_refused_with_the_frames(tmp_path: Path) -> None:
    clip = of_presenter(
        tmp_path / "hidden.mp4", "drawbox=enable='between(n,3,16)':color=gray:t=fill", frames=20
    )
    reason = refusal(clip, tmp_path / "avatars")
    assert reason.startswith("hidden.mp4 loses the face for too long: frames 3 to 16 (0.12 to 0.68 s).")


def test_too_little_disk_is_said_before_the_work_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=2)
    monkeypatch.setattr("avatars.draft.shutil.disk_usage", lambda _: type("Usage", (), {"free": 10**5}))
    started: list[int] = []
    with pytest.raises(PreparationError, match=r"takes 1 MB, and .* has 0 MB free"):
        prepare(clip, tmp_path, FFMPEG, LIMITS, lambda *_: started.append(1))
    assert started == []


@contextmanager
def files_end_at(bytes: int) -> Iterator[None]:
    """Let the system refuse to write more than so many bytes into a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_on_the_way_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=10)
    with files_end_at(10**6), pytest.raises(PreparationError, match="cannot be written"):
        prepared(clip, tmp_path / "avatars")
    assert list((tmp_path / "avatars").iterdir()) == []


def test_a_damaged_avatar_is_not_taken_for_a_prepared_one(tmp_path: Path) -> None:
    clip = of_presenter(tmp_path / "clip.mp4", "", frames=2)
    (tmp_path / prepared(clip, tmp_path).hash / MASKS).unlink()
    with pytest.raises(DamagedAvatarError, match="delete it"):
        prepare(clip, tmp_path, FFMPEG, LIMITS, lambda *_: None)
