"""The spoken sample is sound that the demo can post, and the script in the repository makes it."""

import wave
from pathlib import Path

import numpy as np
import pytest

from assets.hello import PEAK, TEXT, Speech, SpeechError, level, speak, write_wav
from tests.assets.conftest import ASSETS

HELLO = ASSETS / "hello.wav"


def read(path: Path) -> Speech:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        return Speech(np.frombuffer(file.readframes(-1), "<i2").astype(np.int16), file.getframerate())


def test_sample_is_speech_of_four_to_ten_seconds() -> None:
    sample = read(HELLO)
    assert 4 <= len(sample.samples) / sample.rate <= 10
    assert np.abs(sample.samples.astype(int)).max() > 8000
    loud = [np.abs(part.astype(int)).max() > 1000 for part in np.array_split(sample.samples, 40)]
    assert sum(loud) > 30


def test_script_makes_the_committed_sample(tmp_path: Path) -> None:
    write_wav(tmp_path / "again.wav", level(speak(TEXT)))
    again, sample = read(tmp_path / "again.wav"), read(HELLO)
    assert (again.rate, len(again.samples)) == (sample.rate, len(sample.samples))
    assert np.corrcoef(again.samples, sample.samples)[0, 1] > 0.99


def test_level_sets_the_loudest_sample() -> None:
    quiet = Speech(np.array([0, 10, -20], np.int16), 8000)
    assert np.abs(level(quiet).samples).max() == round(PEAK * 32767)


def test_unknown_voice_is_named_in_the_error() -> None:
    with pytest.raises(SpeechError, match="no-such-voice"):
        speak("Hello.", voice="no-such-voice")
