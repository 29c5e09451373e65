from pathlib import Path

import numpy as np
import pytest

from latentsync.errors import UnreadableSoundError
from latentsync.speech import decode, rate_and_channels, read_speech
from tests.avatars.clips import drawn, make
from tests.latentsync.sounds import write_tone


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (44_100, 2), (48_000, 1), (192_000, 2)])
def test_any_sound_is_heard_at_16_khz(tmp_path: Path, rate_hz: int, channels: int) -> None:
    samples = read_speech(write_tone(tmp_path / "tone.wav", 1.3, rate_hz, channels))
    assert samples.dtype == np.int16
    assert abs(len(samples) - 1.3 * 16_000) < 20
    spectrum = np.abs(np.fft.rfft(samples[:16_000].astype(float)))
    assert spectrum.argmax() == 440


def test_a_sound_at_16_khz_is_not_changed(tmp_path: Path) -> None:
    file = write_tone(tmp_path / "tone.wav", 0.777, 16_000, 1)
    raw = np.frombuffer(file.read_bytes()[44:], "<i2")
    assert np.array_equal(read_speech(file), raw)


def test_a_compressed_sound_and_a_videos_are_read(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "tone.wav", 1.0)
    for name in ("tone.mp3", "tone.m4a", "tone.ogg", "tone.flac"):
        samples = read_speech(make(tmp_path / name, "-i", str(tone)))
        assert abs(len(samples) - 16_000) < 1600
        assert np.abs(samples[4000:12_000]).max() > 12_000


def test_rate_and_channels_are_the_files_own(tmp_path: Path) -> None:
    file = write_tone(tmp_path / "tone.wav", 0.1, 22_050, 1)
    assert rate_and_channels(file) == (22_050, 1)
    assert sum(frame.samples for frame in decode(file, "fltp", "mono", 22_050)) == 2205


def test_what_cannot_be_heard_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "noise.wav").write_bytes(b"no sound at all" * 100)
    silent = drawn(tmp_path / "silent.mp4", "color=red:size=64x64:rate=25:duration=0.2")
    short = write_tone(tmp_path / "short.wav", 0.015, 16_000, 1)
    for file, said in (
        (tmp_path / "none.wav", "is not a file"),
        (tmp_path / "noise.wav", "is not a sound that can be read"),
        (silent, "holds no sound"),
        (short, r"holds 0\.015 s of sound; 0\.02 s can be spoken"),
    ):
        with pytest.raises(UnreadableSoundError, match=f"{file.name} {said}"):
            read_speech(file)
