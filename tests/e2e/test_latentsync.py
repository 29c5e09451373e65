"""What GPU workers do, on a CPU with a tiny model: a posted sound is spoken on the stream by LatentSync.

The weights are drawn, so the mouths are noise: this shows that every frame is rendered, laid where the face
is, and aired with its sound, and not what it looks like.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from avatars.prepare import prepare
from avatars.probe import Limits
from avatars.store import Avatar, open_avatar
from tests.avatars.clips import FFMPEG, of_presenter
from tests.latentsync.models import TINIEST, write_checkpoints
from tests.meter import Reader
from tests.metering import hearing, timing
from tests.metering.chirps import speech, wav
from tests.metering.recording import Recording
from tests.metering.stream import join, luma
from tests.system import System
from wire.media import FPS

SIDE_PX = 320
CLIP_FRAMES = 50
SECONDS, FRAMES = 2.41, 61
WAIT_S = 40.0
"""What the job may take beyond its own length on a busy machine."""
BESIDE_PX = 8
"""The encoder carries a change so far beyond the box that it lies in."""
SAME, OTHER = 1.0, 9.0
"""Mean levels of 255: the encoder changes a picture by less than one, a mouth by more than the other."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The pictures of a stream: timestamps, and how far each is from the clip's nearest one, in mean levels.

    `around` is the difference outside the face's box, by which the nearest is chosen, and `within` inside it.
    """

    pts_s: NDArray[np.float64]
    around: NDArray[np.float64]
    within: NDArray[np.float64]


@pytest.fixture(scope="module")
def avatars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two seconds of the presenter, small, as clip and as avatar."""
    folder = tmp_path_factory.mktemp("avatars")
    of_presenter(folder / "clip.mp4", "", CLIP_FRAMES)
    prepare(folder / "clip.mp4", folder, FFMPEG, Limits(60, SIDE_PX), lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def system(avatars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("latentsync")
    environment = {
        "LIVE_ENGINE": "tests.tiny_engine:TinyEngine",
        "LIVE_CHECKPOINTS_FOLDER": str(write_checkpoints(folder / "checkpoints", TINIEST)),
        "LIVE_AVATARS_FOLDER": str(avatars),
        "LIVE_AVATAR": str(avatars / "clip.mp4"),
        "LIVE_AVATAR_MAX_SIDE_PX": str(SIDE_PX),
        "LIVE_LABEL_TEXT": "",
        "LIVE_FADE_FRAMES": "1",
        "OMP_NUM_THREADS": "1",  # the other processes want a core too
    }
    with System(folder, environment) as running:
        yield running


def test_a_posted_sound_is_spoken_by_the_engine_that_gpus_use(system: System, avatars: Path) -> None:
    sound = speech(seed=8, seconds=SECONDS)
    recording, job = receive(system, sound)
    told = {name: job[name] for name in ("state", "frames", "frames_aired", "degraded", "inference_steps")}
    assert told == {
        "state": "done", "frames": FRAMES, "frames_aired": FRAMES, "degraded": False, "inference_steps": 2,
    }  # fmt: skip
    (home,) = avatars.glob("*/avatar.json")
    seen = compared(recording, open_avatar(avatars, home.parent.name))
    assert np.abs(np.diff(seen.pts_s) - 1 / FPS).max() < timing.ROUNDING_S
    assert seen.around.max() < SAME
    spoken = seen.within > OTHER
    assert seen.within[~spoken].max() < SAME
    assert spoken.sum() == FRAMES
    assert_heard(recording, sound, seen.pts_s[spoken])


def assert_heard(recording: Recording, sound: NDArray[np.int16], shown_s: NDArray[np.float64]) -> None:
    """Check that all of the sound is heard, each frame's with its picture, however late that was shown."""
    times = dict(enumerate(shown_s.tolist()))
    received = join(list(recording.sounds()))
    heard = hearing.listen(received, sound, times)
    assert list(hearing.judge(heard, received, sound, times)) == []
    assert heard.offsets_s
    assert heard.likeness is not None
    assert heard.likeness > 0.95


def receive(system: System, sound: NDArray[np.int16]) -> tuple[Recording, dict[str, Any]]:
    """Post `sound`; return what was received from a second before it to a second after it, and its job."""
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        answer = system.client.post(wav(sound), inference_steps="2")
        assert answer.status == 200, answer
        job_id = str(answer.body["task_id"])
        system.await_that(lambda: system.client.is_over(job_id), "spoken", SECONDS + WAIT_S)
        reader.wait_for(pictures=FPS)
    return reader.recording, system.client.job(job_id)


def compared(recording: Recording, avatar: Avatar) -> Seen:
    """Compare each picture's luma with that of the clip's frames."""
    clip = avatar.pictures[:, : avatar.height].astype(np.int16)
    boxes = np.array(avatar.boxes)
    left, top = np.maximum(boxes[:, :2].min(axis=0) - BESIDE_PX, 0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:]).max(axis=0) + BESIDE_PX
    outside = np.ones((avatar.height, avatar.width), bool)
    outside[top:bottom, left:right] = False
    still = clip[:, outside]
    rows = []
    for frame, _ in recording.pictures():
        picture = luma(frame).astype(np.int16)
        around = np.abs(still - picture[outside]).mean(axis=1)
        nearest = int(around.argmin())
        x, y, width, height = boxes[nearest]
        inside = slice(y, y + height), slice(x, x + width)
        rows.append((around[nearest], np.abs(clip[nearest][inside] - picture[inside]).mean()))
    around, within = np.array(rows).T
    return Seen(np.array([packet.pts_s for packet in recording.video.packets]), around, within)
