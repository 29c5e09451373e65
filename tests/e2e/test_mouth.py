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
from tests.metering.hearing import correlation
from tests.metering.recording import Recording
from tests.metering.stream import join
from tests.system import ROOT, System
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

MEDIA = ROOT.parent / "shared" / "media"
PRESENTER, HELLO = ROOT / "assets/presenter.mp4", ROOT / "assets/hello.wav"
PERSON, RECORDED = MEDIA / "talk1.mp4", MEDIA / "speech1.wav"

SIDE_PX = "960"
"""Smaller than the clips: encoding, rendering and looking share two cores here."""
SILENCE_FRAMES = 30
"""Silence that is posted after the speech, in the same sound."""
SETTLED_FRAMES = 10
"""A mouth may take so long to close."""
OPEN = 0.05
"""An open mouth's lips are so much of the eyes' distance apart; a closed one's 0.01."""
FOLLOWS = 0.6
"""The least correlation of mouth and sound."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the mouth was open, `values[i]` at frame `frames[i]` of what was posted; 0 is its first.

    From `spoken` on they are silence; before 0 and after the silence the clip idles.
    """

    frames: NDArray[np.int64]
    values: NDArray[np.float64]
    spoken: int

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
    "presenter says hello": (PRESENTER, HELLO),
    "presenter, recorded speech": (PRESENTER, RECORDED),
    "person, recorded speech": (PERSON, RECORDED),
}


@pytest.mark.parametrize(("system", "file"), CASES.values(), ids=CASES, indirect=["system"], scope="module")
def test_the_mouth_follows_the_sound_and_is_closed_in_silence(
    system: System, file: Path, tmp_path: Path
) -> None:
    if not file.exists():
        pytest.skip(f"{file.name} is not here")
    speech = mouth.read_sound(file)
    recording = receive(system, padded(speech))
    start_s = heard_at(recording, speech)
    seen = look(recording, start_s, len(speech) // SAMPLES_PER_FRAME)
    save_stills(recording, start_s, {"idle": -FPS // 2, "fade": 1, "speech": widest(seen)}, tmp_path)
    assert_closed_in_silence(seen)
    assert_follows(seen, mouth.loudness(speech))


def assert_follows(seen: Seen, loudness: NDArray[np.float64]) -> None:
    spoken = (seen.frames >= 0) & (seen.frames < seen.spoken)
    assert np.corrcoef(seen.values[spoken], loudness[seen.frames[spoken]])[0, 1] >= FOLLOWS


def assert_closed_in_silence(seen: Seen) -> None:
    silence = seen.between(seen.spoken + SETTLED_FRAMES, seen.spoken + SILENCE_FRAMES)
    wide = np.percentile(seen.between(0, seen.spoken), 90)
    assert wide > OPEN
    assert silence.max() < wide / 4


def padded(speech: NDArray[np.int16]) -> NDArray[np.int16]:
    return np.pad(speech, (0, SILENCE_FRAMES * SAMPLES_PER_FRAME))


def receive(system: System, sound: NDArray[np.int16]) -> Recording:
    """Post `sound`, and return what was received from a second before it to a second after it."""
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        job_id = system.client.speak(wav(sound))
        system.await_that(lambda: system.client.is_over(job_id), "spoken", len(sound) / AIR_RATE_HZ + 20)
        reader.wait_for(pictures=FPS)
    assert system.client.job(job_id)["state"] == "done", system.client.job(job_id)
    return reader.recording


def look(recording: Recording, start_s: float, spoken: int) -> Seen:
    """Measure the mouth in every picture."""
    looks = list(mouth.looks(recording))
    assert len(looks) > 0.99 * len(recording.video.packets), "the face is lost"
    frames = np.array([round((look.pts_s - start_s) * FPS) for look in looks])
    return Seen(frames, np.array([look.opening for look in looks]), spoken)


def widest(seen: Seen) -> int:
    """Return the frame in which the mouth is open widest."""
    return int(seen.frames[seen.values.argmax()])


def save_stills(recording: Recording, start_s: float, wanted: dict[str, int], folder: Path) -> None:
    """Write the frames `wanted` as pictures, to be looked at."""
    for picture, pts_s in recording.pictures():
        for name, frame in wanted.items():
            if frame == round((pts_s - start_s) * FPS):
                mouth.save(picture, folder / f"{name}.png")


def heard_at(recording: Recording, speech: NDArray[np.int16]) -> float:
    """Return the timestamp at which the speech begins, by its sound."""
    sound = join(list(recording.sounds()))
    alike = correlation(sound.samples, speech)
    assert alike.max() > 0.9
    return sound.start_s + int(alike.argmax()) / AIR_RATE_HZ
