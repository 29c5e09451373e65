import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentsync.mel import filter_bank, find_maximum, frames_of, log_mel
from tests.latentsync.reference import error, recorded

# Bands 0, 20, 40, 60 and 79 of frames 0 to 3 of the 3.3 s sound, as the published release gives them.
PUBLISHED = [
    [1.069982, 0.499313, 0.489152, 0.394988],
    [0.07956, 0.417812, 0.14943, 0.181321],
    [0.092259, 0.102567, 0.165337, 0.286923],
    [0.228114, 0.217053, 0.310531, 0.289808],
    [0.203645, 0.278944, 0.256436, 0.296944],
]


def made_sound(seconds: float) -> NDArray[np.float32]:
    """The recorded cases' sound: a warbling tone in a little noise, each from its formula."""
    t = np.arange(int(16000 * seconds)) / 16000
    noise = np.random.Generator(np.random.PCG64(zlib.crc32(b"audio.noise")))
    tone = 0.3 * np.sin(2 * np.pi * (120 + 80 * np.sin(2 * np.pi * 0.7 * t)) * t)
    loudness = 0.5 + 0.5 * np.sin(2 * np.pi * 3.1 * t)
    sound = tone * loudness + 0.02 * noise.standard_normal(len(t), dtype=np.float32)
    return np.asarray(sound, np.float32)


def whole_mel(sound: NDArray[Any]) -> NDArray[np.float32]:
    return log_mel(sound, find_maximum(sound))


def test_some_numbers_are_the_published_ones() -> None:
    assert error(whole_mel(made_sound(3.3))[[0, 20, 40, 60, 79], :4], np.array(PUBLISHED)) < 1e-5


@pytest.mark.parametrize("seconds", [3.3, 35])
def test_the_mel_is_the_published_one(seconds: float) -> None:
    theirs = recorded("audio")
    ours = whole_mel(made_sound(seconds))
    assert ours.shape == tuple(theirs[f"mel_shape_{seconds:g}s"])
    assert error(ours[:, :8], theirs[f"mel_head_{seconds:g}s"]) < 1e-5
    assert error(ours[:, -8:], theirs[f"mel_tail_{seconds:g}s"]) < 1e-5


def test_the_maximum_is_found_where_none_is_given() -> None:
    sound = np.concatenate([made_sound(1), 3 * made_sound(1)])
    assert np.array_equal(log_mel(sound), whole_mel(sound))
    assert np.array_equal(log_mel(sound, first=10, frames=20), whole_mel(sound)[:, 10:30])


@pytest.mark.parametrize(("first", "frames"), [(0, 1), (0, 330), (1, 100), (100, 104), (329, 1), (330, 0)])
def test_a_stretch_is_the_same_stretch_of_the_whole(first: int, frames: int) -> None:
    sound = made_sound(3.3)
    stretch = log_mel(sound, find_maximum(sound), first, frames)
    assert np.allclose(stretch, whole_mel(sound)[:, first : first + frames], atol=1e-6)


def test_the_maximum_is_found_in_every_piece() -> None:
    sound = np.zeros(16000 * 65, np.int16)
    quiet = find_maximum(sound)
    for second in (3, 31, 64):
        sound[16000 * second : 16000 * second + 800] = 400 * second
        louder = find_maximum(sound)
        assert louder > quiet
        quiet = louder


def test_int16_and_float_sound_the_same() -> None:
    sound = (made_sound(1) * 32768).astype(np.int16)
    assert np.allclose(whole_mel(sound), whole_mel((sound / 32768).astype(np.float32)), atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1, 159, 160, 161, 201, 399, 1601])
def test_a_very_short_sound_has_its_whole_hops(samples: int) -> None:
    mel = whole_mel(made_sound(1)[:samples])
    assert mel.shape == (80, frames_of(samples))
    assert np.isfinite(mel).all()


def test_silence_is_flat() -> None:
    assert np.unique(whole_mel(np.zeros(16000, np.int16))).tolist() == [-1.5]


def test_nothing_is_further_than_eight_decades_below_the_loudest() -> None:
    sound = np.zeros(16000, np.float32)
    sound[:8000] = np.sin(np.arange(8000))
    mel = whole_mel(sound)
    assert mel.min() == pytest.approx(mel.max() - 2, abs=1e-6)


def test_a_stretch_outside_the_sound_is_an_error() -> None:
    with pytest.raises(ValueError, match="mel frames 99 to 101 asked of a sound of 100"):
        log_mel(made_sound(1), 0.0, 99, 2)


def test_a_memory_map_is_read_in_parts(tmp_path: Any) -> None:
    sound = (made_sound(3.3) * 32768).astype(np.int16)
    sound.tofile(tmp_path / "sound")
    mapped = np.memmap(tmp_path / "sound", np.int16, "r")
    assert np.array_equal(log_mel(mapped, 1.0, 200, 30), log_mel(sound, 1.0, 200, 30))


def test_the_filters_have_equal_areas_and_rising_peaks() -> None:
    filters = filter_bank()
    assert filters.shape == (80, 201)
    assert (np.diff(filters.argmax(axis=1)) >= 0).all()
    wide = filters[40:].sum(axis=1)  # lower ones are narrower than two bins, and too coarse to sum
    assert np.allclose(wide / wide.mean(), 1, atol=0.07)
