"""Where the clips of a channel meet, as dispatch finds them in the avatars folder."""

import logging
from pathlib import Path

import numpy as np
import pytest

from avatars import store
from avatars.draft import Draft
from avatars.loop import there_and_back
from avatars.store import Manifest
from settings import Settings
from wire.channels import Channel
from workers import meeting
from workers.meeting import meeting_of

ONE = Channel("main", "talk", 30, 2, 2, position=1000, at_ms=5000)
TWO = Channel("main", "talk", 30, 2, 2, position=1000, at_ms=5000, idle="idle", idle_place=1012)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An avatars folder of this test's own."""
    monkeypatch.setattr(meeting, "settings", lambda: Settings(avatars_folder=tmp_path, fade_frames=6))
    return tmp_path


def lay_ready(folder: Path, name: str, places: list[int]) -> None:
    """Prepare a clip by hand, in which the head is so far to the right, frame by frame."""
    frames = len(places)
    landmarks = np.random.default_rng(1).uniform(0, 100, (1, store.LANDMARKS_A_FACE, 2)).repeat(frames, 0)
    landmarks[..., 0] += np.array(places)[:, None]
    with Draft(folder, name) as draft:
        (draft.path / store.PICTURES).write_bytes(bytes(frames * 2 * 3))
        np.save(draft.path / store.LANDMARKS, landmarks.astype(np.float32))
        np.save(draft.path / store.MATRICES, np.zeros((frames, 2, 3), np.float32))
        np.save(draft.path / store.BOXES, np.zeros((frames, 4), np.int32))
        np.save(draft.path / store.MASKS, np.zeros((frames, 2, 2), np.uint8))
        draft.publish(Manifest(name, store.PREPARATION, 2, 2, frames, 2, 2))


def test_clips_meet_by_their_landmarks_and_by_where_idle_is(folder: Path) -> None:
    lay_ready(folder, "idle", list(range(40)))
    lay_ready(folder, "talk", list(range(10, 40)))
    found = meeting_of(TWO, 5400)
    assert found is not None
    assert found.ahead == 12
    begins = 1050
    shown = there_and_back(begins + found.leap(begins), 30)
    assert shown + 10 == there_and_back(begins + 12, 40)
    assert found.leap(begins, begins - 5) == 0


def test_channel_with_one_clip_has_nothing_to_meet() -> None:
    assert meeting_of(ONE, 5400) is None


def test_job_is_planned_all_the_same_where_a_clip_is_not_here(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lay_ready(folder, "talk", [0, 1, 2])
    with caplog.at_level(logging.WARNING):
        assert [meeting_of(TWO, 5400) for _ in range(3)] == [None] * 3
    assert caplog.text.count("speech begins in any pose") == 1
