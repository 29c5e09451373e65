"""The mouth as MediaPipe sees it in whole frames: it follows the sound, and is closed in silence."""

import numpy as np
import pytest

from avatars.store import Avatar
from tests.workers.engines.viseme.screen import lip_gaps, shown, speak
from tests.workers.engines.viseme.sounds import Sound, loudness, silence
from wire.media import MODEL_SAMPLES_PER_FRAME

SECONDS = 4
# Parts of the mouth's width: what MediaPipe reads of closed lips, and while the head moves fast. Vowels give
# 0.2 to 0.5.
CLOSED, BLURRED = 0.02, 0.1
FOLLOWS = 0.75


def follows(avatar: Avatar, sound: Sound) -> float:
    """Return the correlation of the lips' gap with the sound's envelope."""
    sound = sound[: SECONDS * 25 * MODEL_SAMPLES_PER_FRAME]
    gaps = lip_gaps(shown(avatar, speak(avatar, sound)))
    return float(np.corrcoef(gaps, loudness(sound))[0, 1])


def test_the_presenters_mouth_follows_the_spoken_sample(presenter: Avatar, hello: Sound) -> None:
    assert follows(presenter, hello) > FOLLOWS


def test_the_presenters_mouth_follows_a_recording(presenter: Avatar, speech: Sound) -> None:
    assert follows(presenter, speech) > FOLLOWS


def test_a_mouth_that_speaks_in_the_clip_follows_a_recording(person: Avatar, speech: Sound) -> None:
    assert follows(person, speech) > FOLLOWS


@pytest.mark.parametrize("who", ["presenter", "person"])
def test_the_mouth_is_closed_in_silence(who: str, request: pytest.FixtureRequest) -> None:
    avatar: Avatar = request.getfixturevalue(who)
    gaps = lip_gaps(shown(avatar, speak(avatar, silence(40))))
    assert np.median(gaps) < CLOSED
    assert gaps.max() < BLURRED
