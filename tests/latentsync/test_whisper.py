import json
import math
from dataclasses import replace

import pytest
import torch

from latentsync.config import LATENTSYNC_1_0
from latentsync.whisper import WhisperEncoder
from tests.latentsync.drawn import draw, draw_weights
from tests.latentsync.reference import FOLDER

SMALL = replace(LATENTSYNC_1_0.whisper, layers=2, width=32, heads=2, positions=20, bands=8)


def small_encoder() -> WhisperEncoder:
    encoder = WhisperEncoder(SMALL)
    draw_weights(encoder)
    return encoder


def drawn_mel(batch: int) -> torch.Tensor:
    return torch.from_numpy(draw("whisper.mel", (batch, SMALL.bands, 2 * SMALL.positions)))


def test_names_and_shapes_are_those_of_the_published_file() -> None:
    file = FOLDER / "whisper_tiny_encoder_state_dict.json"
    if not file.is_file():
        pytest.skip("the published file's list of names is not at hand")
    shapes = {
        name: list(array.shape) for name, array in WhisperEncoder(LATENTSYNC_1_0.whisper).state_dict().items()
    }
    assert list(shapes.items()) == list(json.loads(file.read_text()).items())


def test_it_has_the_parameters_of_whisper_tiny() -> None:
    state = WhisperEncoder(LATENTSYNC_1_0.whisper).state_dict()
    assert len(state) == 67
    assert sum(array.numel() for array in state.values()) == 8_208_384
    assert state["blocks.3.attn.out.bias"].shape == (384,)
    assert "blocks.0.attn.key.bias" not in state


def test_it_gives_a_state_before_and_after_each_block() -> None:
    states = small_encoder()(drawn_mel(3))
    assert states.shape == (3, 20, 3, 32)


def test_sounds_of_a_batch_do_not_hear_each_other() -> None:
    encoder, mel = small_encoder(), drawn_mel(3)
    with torch.no_grad():
        alone = torch.cat([encoder(one[None]) for one in mel])
        assert torch.allclose(encoder(mel), alone, atol=1e-5)


def test_the_last_state_is_taken_before_the_final_norm() -> None:
    encoder = small_encoder()
    with torch.no_grad():
        before = encoder(drawn_mel(1))
        encoder.ln_post.weight.zero_()
        assert torch.equal(encoder(drawn_mel(1)), before)


def test_the_place_in_the_window_is_part_of_every_state() -> None:
    encoder = small_encoder()
    with torch.no_grad():
        first = encoder(torch.zeros(1, SMALL.bands, 40))[0, 5:15, 0]
    place = WhisperEncoder(SMALL).positional_embedding[5:15]
    assert torch.allclose(first - place, (first - place)[:1].expand(10, -1), atol=1e-6)


def test_places_are_sines_and_cosines_from_one_radian_a_position_down() -> None:
    places = WhisperEncoder(LATENTSYNC_1_0.whisper).positional_embedding
    assert places.shape == (1500, 384)
    assert places[0].tolist() == [0.0] * 192 + [1.0] * 192
    assert places[7, 0].item() == pytest.approx(math.sin(7), abs=1e-6)
    assert places[1499, 191].item() == pytest.approx(math.sin(0.1499), abs=1e-6)
    assert places[1499, 383].item() == pytest.approx(math.cos(0.1499), abs=1e-6)
