"""What the mouth does, told from the sound alone."""

from pathlib import Path

import numpy as np
import pytest

from latentsync.mel import find_maximum
from tests.workers.engines.viseme.sounds import Sound, loudness, noise, recorded, silence, speech_of, vowel
from wire.media import CONTEXT_FRAMES, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Speech
from workers.engines.viseme.mouth import Mouth, hear

HELLO = Path(__file__).parents[4] / "assets" / "hello.wav"
SHUT = 0.02
OPEN = 0.4


@pytest.fixture(scope="module")
def hello() -> Sound:
    return recorded(HELLO, 7.8)


def middle(mouth: Mouth) -> tuple[float, float, float]:
    at = len(mouth.opening) // 2
    return float(mouth.opening[at]), float(mouth.spread[at]), float(mouth.rounded[at])


@pytest.mark.parametrize("sound", [silence(50), noise(50, -70)], ids=["silence", "room"])
def test_a_job_without_speech_leaves_the_mouth_shut(sound: Sound) -> None:
    assert hear(speech_of(sound)).opening.max() < SHUT


def test_the_mouth_opens_on_a_vowel_and_is_shut_before_and_after() -> None:
    mouth = hear(speech_of(np.concatenate([silence(20), vowel("a", 20), silence(20)])))
    assert mouth.opening[22:38].min() > OPEN
    assert max(mouth.opening[:19].max(), mouth.opening[45:].max()) < SHUT


def test_room_noise_under_speech_does_not_keep_the_mouth_open() -> None:
    sound = np.concatenate([silence(20), vowel("a", 20), silence(20)])
    mouth = hear(speech_of(sound + noise(60, -55)))
    assert mouth.opening[22:38].min() > OPEN
    assert max(mouth.opening[:19].max(), mouth.opening[45:].max()) < SHUT


@pytest.mark.parametrize("pitch_hz", [110.0, 210.0])
def test_vowels_have_their_shapes(pitch_hz: float) -> None:
    a, i, u = (middle(hear(speech_of(vowel(name, 25, pitch_hz)))) for name in "aiu")
    assert a[0] > 1.3 * max(i[0], u[0])
    assert i[1] > max(a[1], u[1]) + 0.4
    assert u[2] > max(a[2], i[2]) + 0.4


def test_the_opening_follows_the_sound_without_lead_or_lag(hello: Sound) -> None:
    opening, heard = hear(speech_of(hello)).opening, loudness(hello)
    follows = {lag: np.corrcoef(np.roll(opening, -lag), heard)[0, 1] for lag in range(-3, 4)}
    assert follows[0] > 0.85
    assert max(follows, key=lambda lag: follows[lag]) == 0


def test_the_mouth_opens_faster_than_it_shuts() -> None:
    opening = hear(speech_of(np.concatenate([silence(20), vowel("a", 20), silence(20)]))).opening
    rise = int((opening[10:30] < 0.8).sum() - (opening[10:30] < 0.1).sum())
    fall = int((opening[30:50] > 0.1).sum() - (opening[30:50] > 0.8).sum())
    assert rise < fall <= 6


def test_lips_meet_for_a_stop_between_vowels() -> None:
    a = vowel("a", 12)
    stop = silence(2)
    mouth = hear(speech_of(np.concatenate([a, stop, a])))
    assert mouth.opening[12:14].max() < 0.25
    assert min(mouth.opening[8], mouth.opening[18]) > OPEN


def test_loudness_is_judged_by_the_loudest_of_the_job() -> None:
    sound = vowel("a", 25)
    quiet = (sound / 10).astype(np.int16)
    alone = middle(hear(Speech.alone(quiet, 25, find_maximum(quiet))))
    beside_loud = middle(hear(Speech.alone(quiet, 25, find_maximum(sound))))
    assert alone[0] > OPEN > beside_loud[0]


@pytest.mark.parametrize("first", [8, 25, 1])
def test_chunk_borders_cannot_be_seen(hello: Sound, first: int) -> None:
    whole, loudest, total = hear(speech_of(hello)), find_maximum(hello), len(hello) // MODEL_SAMPLES_PER_FRAME
    starts = [0, *range(first, total, 25)]
    parts = [
        hear(_cut(hello, start, stop, loudest))
        for start, stop in zip(starts, [*starts[1:], total], strict=True)
    ]
    for name in ("opening", "spread", "rounded"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        # all filters are finite and shorter than the context: what is left is float32's rounding, in sums
        # of other lengths and under a logarithm
        np.testing.assert_allclose(joined, getattr(whole, name), atol=2e-4)


def _cut(sound: Sound, start: int, stop: int, loudest: float) -> Speech:
    first = max(0, start - CONTEXT_FRAMES)
    heard = sound[first * MODEL_SAMPLES_PER_FRAME : (stop + CONTEXT_FRAMES) * MODEL_SAMPLES_PER_FRAME]
    return Speech(heard, start - first, stop - start, loudest, "", start, stop)


def test_too_little_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="3840 samples are needed"):
        hear(Speech(silence(5), 1, 5, 0.0, "", 1, 6))
