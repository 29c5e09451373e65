"""How far sound lies from where it should be."""

import numpy as np
import pytest

from streamer.offset import REACH_S, Samples, is_quiet, offset_s
from tests.metering.chirps import speech
from wire.media import AIR_RATE_HZ

HEARD_S = 0.5
REACH = round(REACH_S * AIR_RATE_HZ)
SENT: Samples = speech(seed=7, seconds=HEARD_S + 2 * REACH_S).astype(np.float32)


def heard(late_s: float, sent: Samples = SENT) -> Samples:
    """Return what is heard where it should be the middle of `sent`, and is that much later."""
    begin = REACH - round(late_s * AIR_RATE_HZ)
    return sent[begin : begin + round(HEARD_S * AIR_RATE_HZ)]


def hum() -> Samples:
    """Return a tone that is like itself at each swing."""
    return np.asarray(8000 * np.sin(2 * np.pi * 100 / AIR_RATE_HZ * np.arange(len(SENT))), np.float32)


@pytest.mark.parametrize("late_s", [0, 0.01, -0.01, 0.2, -0.45])
def test_sound_is_found_where_it_lies(late_s: float) -> None:
    assert offset_s(SENT, heard(late_s)) == pytest.approx(late_s, abs=0.0002)


def test_sound_that_was_made_quieter_and_noisy_is_found() -> None:
    noise = np.random.default_rng(1).normal(scale=500, size=len(heard(0)))
    assert offset_s(SENT, heard(0.04) * np.float32(0.3) + noise) == pytest.approx(0.04, abs=0.0002)


def test_a_pause_within_speech_does_not_hide_it() -> None:
    sent = SENT.copy()
    sent[REACH + AIR_RATE_HZ // 4 :] = 0
    assert offset_s(sent, heard(0.1, sent)) == pytest.approx(0.1, abs=0.0002)


@pytest.mark.parametrize(
    "sound", [np.zeros(AIR_RATE_HZ, np.float32), np.zeros(0, np.float32), heard(0) / 1000]
)
def test_silence_tells_nothing_and_speech_does(sound: Samples) -> None:
    assert is_quiet(sound)
    assert not is_quiet(heard(0))


def test_sound_that_was_never_sent_is_found_nowhere() -> None:
    other = speech(seed=8, seconds=HEARD_S).astype(np.float32)
    assert offset_s(SENT, other) is None
    assert offset_s(np.zeros_like(SENT), other) is None


def test_a_hum_is_where_it_should_be_unless_told_otherwise() -> None:
    assert offset_s(hum(), heard(0, hum())) == pytest.approx(0, abs=0.0002)
