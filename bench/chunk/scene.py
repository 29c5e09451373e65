"""The model with random weights, and a clip of 832×1248 pixels for it: speed depends on neither."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from avatars.boxes import draw_mask, fit_boxes
from latentsync.config import LATENTSYNC_1_0
from latentsync.lipsync import LipSync
from latentsync.mel import RATE_HZ
from latentsync.sampler import Sampler
from latentsync.unet import UNet
from latentsync.vae import make_vae
from latentsync.whisper import WhisperEncoder

WIDTH, HEIGHT = 832, 1248
FRAMES = 50
SOUND_S, STEADY_S = 10, 30
SEED = 1

_SCALE = 0.5  # of the crop to the picture: a head and shoulders
_LEFT, _TOP = 206.3, 300.7


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A clip as `latentsync.portrait.Clip` wants it; `still` shows one frame for ever."""

    frames: int
    pictures: NDArray[np.uint8]
    matrices: NDArray[np.float32]
    boxes: NDArray[np.int32]
    masks: NDArray[np.uint8]


@cache
def make_scene(still: bool = False) -> Scene:
    """Return a clip of smooth waves in which the face sways by some pixels, unless it is to be `still`."""
    sway = [0.0 if still else 8 * np.sin(2 * np.pi * i / FRAMES) for i in range(FRAMES)]
    rows, columns = np.mgrid[: HEIGHT * 3 // 2, :WIDTH]
    strength = np.where(rows < HEIGHT, 60.0, 15.0)
    waves = [np.sin((columns + shift) / 31) + np.cos(rows / 47) for shift in sway]
    pictures = np.stack([(128 + strength * wave / 2).astype(np.uint8) for wave in waves])
    matrices = np.array(
        [[[_SCALE, 0, -_SCALE * (_LEFT + shift)], [0, _SCALE, -_SCALE * _TOP]] for shift in sway], np.float32
    )
    boxes = fit_boxes(matrices, WIDTH, HEIGHT)
    masks = np.stack([draw_mask(matrix, box) for matrix, box in zip(matrices, boxes, strict=True)])
    return Scene(FRAMES, pictures, matrices, boxes, masks)


def make_sound(steady: bool = False) -> NDArray[np.int16]:
    """Return 10 s at 16 kHz of a tone that swells four times a second, or 30 s of one that is `steady`."""
    t = np.arange((STEADY_S if steady else SOUND_S) * RATE_HZ) / RATE_HZ
    loudness = 1.0 if steady else 0.5 + 0.5 * np.sin(2 * np.pi * 4 * t)
    return np.asarray(8000 * loudness * np.sin(2 * np.pi * 200 * t), np.int16)


def make_model() -> LipSync:
    """Return the full-size model on the GPU in half precision, with the same random weights each time."""
    torch.manual_seed(SEED)
    with torch.device("cuda"):
        networks: list[nn.Module] = [UNet(LATENTSYNC_1_0.unet), WhisperEncoder(LATENTSYNC_1_0.whisper)]
    networks.append(make_vae(LATENTSYNC_1_0.vae).to("cuda"))
    unet, whisper, vae = (network.half().eval().requires_grad_(False) for network in networks)
    for network in (unet, vae):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # it takes it
    sampler = Sampler(LATENTSYNC_1_0.sampler)
    return LipSync(unet, whisper, vae, sampler, torch.device("cuda"), torch.float16)  # type: ignore[arg-type]
