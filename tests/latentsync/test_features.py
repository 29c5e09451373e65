import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentsync.config import LATENTSYNC_1_0
from latentsync.features import chunk_features, sound_features, span_features, window_features
from latentsync.mel import find_maximum
from latentsync.spans import Span, Windows, heard
from latentsync.whisper import WhisperEncoder
from tests.latentsync.drawn import draw, draw_weights
from tests.latentsync.reference import error, recorded
from tests.latentsync.test_mel import made_sound

SOUNDS = ["3.3", "35"]  # seconds
CHANNELS = slice(0, None, 48)  # of each recorded state, kept in audio.json


@pytest.fixture(scope="module")
def tiny() -> WhisperEncoder:
    encoder = WhisperEncoder(LATENTSYNC_1_0.whisper)
    draw_weights(encoder)
    return encoder


@pytest.fixture(scope="module")
def published(tiny: WhisperEncoder) -> dict[str, Tensor]:
    """What we compute, in the published windows, of each recorded sound."""
    return {name: sound_features(made_sound(float(name)), tiny, windows="reference") for name in SOUNDS}


@pytest.fixture(scope="module")
def small() -> WhisperEncoder:
    """An encoder that is quick enough for a minute of sound."""
    encoder = WhisperEncoder(replace(LATENTSYNC_1_0.whisper, layers=1, width=32, heads=2))
    draw_weights(encoder)
    return encoder


@pytest.fixture(scope="module")
def tone() -> NDArray[np.float32]:
    """Seventy seconds that sound the same at every moment."""
    return np.asarray(0.3 * np.sin(2 * np.pi * 200 * np.arange(70 * 16000) / 16000), np.float32)


@pytest.mark.parametrize("name", SOUNDS)
def test_some_states_are_the_published_ones(published: dict[str, Tensor], name: str) -> None:
    theirs = json.loads((Path(__file__).parent / "audio.json").read_text())[name]
    ours = published[name][theirs["positions"], :, CHANNELS]
    assert error(ours.numpy(), np.array(theirs["states"])) < 1e-5


@pytest.mark.parametrize("name", SOUNDS)
def test_states_are_the_published_ones(published: dict[str, Tensor], name: str) -> None:
    theirs, ours = recorded("audio"), published[name]
    assert tuple(ours.shape) == tuple(theirs[f"features_shape_{name}s"])
    assert error(ours[theirs[f"features_at_{name}s"]].numpy(), theirs[f"features_{name}s"]) < 1e-5


@pytest.mark.parametrize("name", SOUNDS)
def test_windows_are_the_published_ones(published: dict[str, Tensor], name: str) -> None:
    theirs = recorded("audio")
    ours = window_features(published[name], int(theirs[f"chunks_count_{name}s"]))
    assert error(ours[theirs[f"chunks_at_{name}s"]].numpy(), theirs[f"chunks_{name}s"]) < 1e-5


def test_a_window_holds_its_positions_in_order_and_their_layers_within() -> None:
    features = torch.from_numpy(draw("features", (40, 3, 8)))
    windows = window_features(features, 5)
    assert windows.shape == (5, 30, 8)
    assert torch.equal(windows[4], features[4:14].reshape(30, 8))


def test_a_window_of_no_states_is_an_error() -> None:
    with pytest.raises(ValueError, match="0 positions"):
        window_features(torch.empty(0, 5, 384), 1)


@pytest.mark.parametrize("seconds", [0.02, 1.23, 30.0])
def test_up_to_30_s_overlapping_changes_nothing(small: WhisperEncoder, seconds: float) -> None:
    sound = np.tile(made_sound(3.3), 10)[: int(16000 * seconds)]
    assert torch.equal(sound_features(sound, small), sound_features(sound, small, "reference"))


def test_overlapping_leaves_no_step_at_30_s(small: WhisperEncoder, tone: NDArray[np.float32]) -> None:
    assert border_step(sound_features(tone, small, "reference")) > 3  # so that the measure can see one
    assert border_step(sound_features(tone, small, "overlap")) < 1.1


def border_step(features: Tensor) -> float:
    """How far states move at 30 s and 60 s, over how far they move from one position to the next."""
    steps = torch.linalg.vector_norm(features.diff(dim=0), dim=(1, 2))
    return float(steps[[1499, 2999]].max() / steps[100:-100].median())


@pytest.mark.parametrize("windows", ["overlap", "reference"])
def test_a_chunk_is_the_same_from_only_its_part_of_the_sound(
    small: WhisperEncoder, tone: NDArray[np.float32], windows: Windows
) -> None:
    sound = tone * np.linspace(0.2, 1, len(tone), dtype=np.float32)
    maximum = find_maximum(sound)
    whole = window_features(sound_features(sound, small, windows), 1750)
    for first in (0, 8, 615, 740, 750, 1115, 1725):
        asked: list[Span] = []

        def hear(span: Span, asked: list[Span] = asked) -> Tensor:
            asked.append(span)
            return span_features(sound[heard(span, len(sound))].copy(), span, maximum, small)

        chunk = chunk_features(range(first, first + 25), len(sound), hear, windows)
        assert torch.equal(chunk, whole[first : first + 25])
        assert len(asked) <= 2


def test_int16_and_float_sound_the_same(small: WhisperEncoder) -> None:
    sound = (made_sound(1) * 32768).astype(np.int16)
    ours = sound_features(sound, small)
    assert torch.allclose(ours, sound_features((sound / 32768).astype(np.float32), small), atol=1e-5)


def test_states_have_the_encoders_precision(small: WhisperEncoder) -> None:
    half = WhisperEncoder(replace(LATENTSYNC_1_0.whisper, layers=1, width=32, heads=2))
    half.load_state_dict(small.state_dict())
    ours = sound_features(made_sound(1), half.to(torch.bfloat16))
    assert ours.dtype == torch.bfloat16
    assert error(ours.float().numpy(), sound_features(made_sound(1), small).numpy()) < 0.02


@pytest.mark.parametrize("samples", [0, 160, 319])
def test_a_sound_of_less_than_a_position_is_an_error(small: WhisperEncoder, samples: int) -> None:
    with pytest.raises(ValueError, match=f"a sound of {samples} samples is shorter than one position"):
        sound_features(np.zeros(samples, np.float32), small)
