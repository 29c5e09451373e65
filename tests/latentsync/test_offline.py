import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latentsync import sound_features, window_features
from latentsync.errors import LatentSyncError
from latentsync.lipsync import draw_noise
from latentsync.offline import Wishes, render_sound
from latentsync.spans import Windows
from latentsync.whisper import WhisperEncoder
from tests.latentsync.drawn import draw
from tests.latentsync.models import MadeClip, made_clip, tiny_lipsync

WISHES = Wishes(chunk_frames=4, steps=2, guidance_scale=1.0, seed=5, windows="overlap")


@pytest.fixture(scope="module")
def clip() -> MadeClip:
    return made_clip(6)


@dataclass
class Listener:
    """A model that renders nothing, and keeps what it was asked for; its faces are all `value`."""

    whisper: WhisperEncoder = field(default_factory=lambda: tiny_lipsync().whisper)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    orders: list[tuple[Any, ...]] = field(default_factory=list)
    value: float = 0.0

    def portrait(self, clip: MadeClip) -> "Listener":
        self.clip = clip
        return self

    def look(self, frames: list[int]) -> list[int]:
        return frames

    def draw(self, frames: list[int], sound: torch.Tensor, *rest: Any) -> None:
        self.orders.append((sound, frames, *rest))

    def decode(self, frames: list[int], _: None) -> torch.Tensor:
        return torch.full((len(frames), 3, 2, 2), self.value)

    def lay(self, _: list[int], faces: torch.Tensor) -> torch.Tensor:
        width, height = self.clip.boxes[0, 2:]
        return torch.zeros(len(faces), height * 3 // 2, width, dtype=torch.uint8)


def made_sound(seconds: float) -> NDArray[np.int16]:
    return np.asarray(3000 * draw("offline.sound", (round(16_000 * seconds),)), np.int16)


def test_each_frame_is_the_clips_with_its_patch_laid_over(clip: MadeClip) -> None:
    lipsync, samples, shown = tiny_lipsync(), made_sound(0.24), [0, 1, 2, 3, 2, 1]
    pictures = list(render_sound(lipsync, clip, shown, samples, WISHES))
    assert len(pictures) == 6
    windows, portrait = window_features(sound_features(samples, lipsync.whisper), 6), lipsync.portrait(clip)
    for first in (0, 4):
        part = slice(first, first + 4)
        patches = lipsync.render(portrait, windows[part], shown[part], draw_noise(5), 2, 1.0)
        for frame, picture, patch in zip(shown[part], pictures[part], patches.numpy(), strict=True):
            x, y, width, height = (int(number) for number in clip.boxes[frame])
            assert np.array_equal(picture[y : y + height, x : x + width], patch[:height])
            outside = np.ones_like(picture[:240], bool)
            outside[y : y + height, x : x + width] = False
            assert np.array_equal(picture[:240][outside], clip.pictures[frame][:240][outside])


def test_the_last_chunk_is_as_short_as_the_sound_leaves_it(clip: MadeClip) -> None:
    listener = Listener()
    list(render_sound(listener, clip, [0, 1, 2, 3, 4, 5, 4, 3, 2], made_sound(0.36), WISHES))  # type: ignore[arg-type]
    assert [frames for _, frames, *_ in listener.orders] == [[0, 1, 2, 3], [4, 5, 4, 3], [2]]
    assert len({noise for *_, noise, _, _ in listener.orders}) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_are_no_numbers_are_an_error_and_no_picture(clip: MadeClip, value: float) -> None:
    pictures = render_sound(Listener(value=value), clip, [0] * 6, made_sound(0.24), WISHES)  # type: ignore[arg-type]
    with pytest.raises(LatentSyncError, match=r"values that are no numbers for frames 0 to 3\."):
        next(pictures)


@pytest.mark.parametrize("windows", ["overlap", "reference"])
def test_a_long_sound_is_heard_as_a_whole(clip: MadeClip, windows: Windows) -> None:
    samples, listener, frames = made_sound(47.03), Listener(), 1176
    wishes = Wishes(100, 2, 1.0, 0, windows)
    list(render_sound(listener, clip, [0] * frames, samples, wishes))  # type: ignore[arg-type]
    heard = torch.cat([sound for sound, *_ in listener.orders])
    whole = window_features(sound_features(samples, listener.whisper, windows), frames)
    assert torch.allclose(heard, whole, atol=1e-5)
