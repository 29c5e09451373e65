"""In received pictures of a face, the mouth follows the sound, and is closed in silence."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e import mouth
from tests.meter import Reader
from tests.metering.chirps import wav
from tests.metering.recording import Recording
from tests.metering.stream import join
from tests.system import ROOT, System
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

MEDIA = ROOT.parent / "shared" / "media"
PRESENTER, HELLO = ROOT / "assets/presenter.mp4", ROOT / "assets/hello.wav"
PERSON, RECORDED = MEDIA / "talk1.mp4", MEDIA / "speech1.wav"

SIDE_PX = "640"
"""Smaller than the clips: encoding, rendering and looking share two cores here."""
PART_S = 4
"""So much of a sound is enough."""
SILENCE_FRAMES = 45
"""Silence that is posted after the speech, in the same sound."""
SETTLED_FRAMES, WATCHED_FRAMES = 10, 30
"""After the speech the mouth is looked at from the first of these on, when it has closed, to the second."""
OPEN = 0.05
"""An open mouth's lips are so much of the eyes' distance apart; a closed one's 0.01."""
QUIET = 200.0
"""Loudness, in steps of int16, below which nothing is heard; the speeches' is in the thousands."""
TRIES = 3
PAUSE_FRAMES = 3
"""Longer than it was posted by so much, speech still counts as unbroken."""
FOLLOWS = 0.6
"""The least correlation of mouth and sound."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was received, picture by picture, idle before and after the speech included.

    The mouth was open by `values[i]` in picture `frames[i]`; those in which no face was found are missing.
    `loudness` is that of the sound received with each picture, `(pictures,)`.
    """

    frames: NDArray[np.int64]
    values: NDArray[np.float64]
    loudness: NDArray[np.float64]

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        return self.values[(self.frames >= start) & (self.frames < stop)]


@pytest.fixture(scope="module")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that speaks with the viseme engine, and an avatar that was prepared from a clip."""
    clip: Path = request.param
    if not clip.exists():
        pytest.skip(f"{clip.name} is not here")
    environment = {"LIVE_ENGINE": "viseme", "LIVE_AVATAR": str(clip), "LIVE_AVATAR_MAX_SIDE_PX": SIDE_PX}
    made = System(tmp_path_factory.mktemp(clip.stem), environment)
    command = [sys.executable, "-m", "avatars", "prepare", str(clip)]
    subprocess.run(command, cwd=ROOT, env=made.environment, check=True, stdout=subprocess.DEVNULL)
    with made as running:
        yield running


CASES = {
    "presenter says hello": (PRESENTER, HELLO, PART_S),
    "presenter, recorded speech": (PRESENTER, RECORDED, PART_S),
    "person, recorded speech": (PERSON, RECORDED, None),
}


@pytest.mark.parametrize(
    ("system", "file", "seconds"), CASES.values(), ids=CASES, indirect=["system"], scope="module"
)
def test_the_mouth_follows_the_sound_and_is_closed_in_silence(
    system: System, file: Path, seconds: int | None, tmp_path: Path
) -> None:
    if not file.exists():
        pytest.skip(f"{file.name} is not here")
    speech = mouth.read_sound(file)[: seconds and seconds * AIR_RATE_HZ]
    recording = receive_unbroken(system, speech)
    seen = look(recording)
    save_stills(recording, seen, tmp_path)
    assert_closed_in_silence(seen)
    assert_follows(seen)


def assert_follows(seen: Seen) -> None:
    start, stop = spoken(seen.loudness)
    pictures = seen.frames[(seen.frames >= start) & (seen.frames < stop)]
    assert np.corrcoef(seen.between(start, stop), seen.loudness[pictures])[0, 1] >= FOLLOWS


def assert_closed_in_silence(seen: Seen) -> None:
    start, stop = spoken(seen.loudness)
    silence = seen.between(stop + SETTLED_FRAMES, stop + WATCHED_FRAMES)
    wide = np.percentile(seen.between(start, stop), 90)
    assert wide > OPEN
    assert np.median(silence) < wide / 4  # of those shut on a clip's open mouth, some stay parted as far


def spoken(loudness: NDArray[np.float64]) -> tuple[int, int]:
    """Return the first frame in which something is heard, and the one after the last; silence follows."""
    heard = np.flatnonzero(loudness > QUIET)
    return int(heard[0]), int(heard[-1]) + 1


def receive_unbroken(system: System, speech: NDArray[np.int16]) -> Recording:
    """Return what was received of `speech` and silence after it, if need be of the last of `TRIES`.

    On a busy machine frames are rendered too late: then the clip's own mouth is seen, while sound waits too.
    """
    posted = np.pad(speech, (0, SILENCE_FRAMES * SAMPLES_PER_FRAME))
    for _ in range(TRIES):
        recording = receive(system, posted)
        if duration(heard(recording)) <= duration(mouth.loudness(posted)) + PAUSE_FRAMES:
            break
    return recording


def duration(loudness: NDArray[np.float64]) -> int:
    start, stop = spoken(loudness)
    return stop - start


def receive(system: System, sound: NDArray[np.int16]) -> Recording:
    """Post `sound`, and return what was received from a second before it to a second after it."""
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        job_id = system.client.speak(wav(sound))
        system.await_that(lambda: system.client.is_over(job_id), "spoken", len(sound) / AIR_RATE_HZ + 20)
        reader.wait_for(pictures=FPS)
    assert system.client.job(job_id)["state"] == "done", system.client.job(job_id)
    return reader.recording


def look(recording: Recording) -> Seen:
    """Measure the mouth in every picture, and the sound that came with it."""
    looks = list(mouth.looks(recording))
    pictures = len(recording.video.packets)
    assert len(looks) > 0.99 * pictures, "the face is lost"
    start_s = recording.video.packets[0].pts_s
    frames = np.array([round((look.pts_s - start_s) * FPS) for look in looks])
    return Seen(frames, np.array([look.opening for look in looks]), heard(recording))


def heard(recording: Recording) -> NDArray[np.float64]:
    """Return how loud the sound received with each picture is, `(pictures,)`."""
    packets = recording.video.packets
    sound = join(list(recording.sounds())).cut(packets[0].pts_s, len(packets) * SAMPLES_PER_FRAME)
    return mouth.loudness(sound)


def save_stills(recording: Recording, seen: Seen, folder: Path) -> None:
    """Write some pictures, to be looked at."""
    start, _ = spoken(seen.loudness)
    wanted = {"idle": start - FPS // 2, "start": start, "speech": int(seen.frames[seen.values.argmax()])}
    for frame, (picture, _) in enumerate(recording.pictures()):
        for name in (name for name, number in wanted.items() if number == frame):
            mouth.save(picture, folder / f"{name}.png")
