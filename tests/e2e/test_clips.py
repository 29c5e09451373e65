"""A channel that idles on one clip and speaks on another changes over between them, and nobody sees where."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from settings import Settings
from tests.e2e.show import Show, assert_spoken, judged
from tests.made_up import made_up
from tests.meter import Reader
from tests.metering.chirps import speech, wav
from tests.metering.clip import FIELD, FRAMES, Variant, lay_ready
from tests.metering.recording import Recording
from tests.metering.stream import luma
from tests.system import System
from wire.media import FPS

pytestmark = pytest.mark.slow

IDLE = Variant(luma=60, head=lambda frame: 2 * frame)
TALK = Variant(luma=190, head=lambda frame: 2 * (FRAMES - 1 - frame))
"""Its head goes the same way back to front."""
ENCODED = 0.03
"""By how much the encoder may make the share of a clip look other than it was."""
LATE_PX = 2 * 2 * FPS
"""How far the heads may be apart where a busy machine began up to two seconds late; over the clips' length
they are apart by 250 pixels on average."""


@pytest.fixture
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    folder = tmp_path_factory.mktemp("clips")
    clips = {"LIVE_AVATAR": IDLE, "LIVE_TALK_AVATAR": TALK}
    for name, variant in clips.items():
        lay_ready(folder / name, folder / "avatars", Settings().avatar_max_side_px, variant)
    with made_up(folder, **{name: str(folder / name) for name in clips}) as running:
        yield running


def test_jobs_on_a_clip_of_their_own_come_out_of_idle_and_go_back_to_it_nearest_in_pose(
    system: System,
) -> None:
    recording, seen = receive(system, [speech(seed=1, seconds=3), speech(seed=2, seconds=2)])
    assert_spoken(seen, 75, 50)
    assert all((job.heard.likeness or 0) > 0.95 for job in seen.report.jobs)
    shares = shares_of(recording)
    assert np.abs(np.diff(shares)).max() <= 1 / Settings().fade_frames + ENCODED
    [(first, last)] = runs(shares > 1 - ENCODED)  # between the jobs too
    assert last - first >= 125 - 2 * Settings().fade_frames
    (_, before), (after, _) = runs(shares < ENCODED)
    assert abs(head(seen, first, TALK) - head(seen, before, IDLE)) <= LATE_PX
    assert abs(head(seen, last, TALK) - head(seen, after, IDLE)) <= LATE_PX


def receive(system: System, sounds: list[NDArray[np.int16]]) -> tuple[Recording, Show]:
    """Post `sounds` at once; return what was received until after they were spoken, and what it says."""
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        ids = [system.client.speak(wav(sound)) for sound in sounds]
        system.await_that(lambda: all(map(system.client.is_over, ids)), "spoken")
        reader.wait_for(pictures=FPS)
    return reader.recording, judged(system, reader.recording, dict(zip(ids, sounds, strict=True)))


def shares_of(recording: Recording) -> NDArray[np.float64]:
    """Return the share of the clip that speaks in each picture, `(pictures,)`."""
    field = np.array([luma(frame)[FIELD].mean() for frame, _ in recording.pictures()])
    return np.asarray((field - IDLE.luma) / (TALK.luma - IDLE.luma), np.float64)


def runs(is_so: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last of each row of pictures of which something is so."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], is_so, [False]])))
    return [(int(start), int(stop) - 1) for start, stop in bounds.reshape(-1, 2)]


def head(seen: Show, picture: int, variant: Variant) -> float:
    """Return where the head is in a picture that shows one clip alone."""
    clip = seen.stream.pictures[picture].seen.clip
    assert clip is not None
    return variant.head(clip)
