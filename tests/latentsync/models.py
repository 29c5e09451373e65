"""A whole model that a CPU runs in no time, with weights drawn from their names, and a clip for it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray

from avatars.boxes import draw_mask, fit_boxes
from latentsync.config import ModelConfig, UNetConfig, VAEConfig, WhisperConfig
from latentsync.lipsync import UNET, VAE, WHISPER, LipSync, load
from latentsync.vae import make_vae
from latentsync.whisper import WhisperEncoder
from tests.latentsync.drawn import draw_weights
from tests.latentsync.networks import drawn_unet

TINY = ModelConfig(
    unet=UNetConfig(block_out_channels=(8, 8, 16, 16), layers_per_block=1, heads=2, audio_width=16, groups=4),
    whisper=WhisperConfig(width=16, heads=2),
    vae=VAEConfig(block_out_channels=(4, 4, 4, 4), layers_per_block=1, groups=2),
)
"""As many levels, states of sound and pixels to a latent as the published model has, and few channels."""

TINIEST = ModelConfig(
    unet=UNetConfig(block_out_channels=(4,), layers_per_block=1, heads=1, audio_width=16, groups=4),
    whisper=TINY.whisper,
    vae=VAEConfig(block_out_channels=(1, 1, 1, 1), layers_per_block=0, groups=1),
)
"""An eighth of the work for each frame: faster than 25 frames a second on one core, in two steps."""


def write_checkpoints(folder: Path, config: ModelConfig = TINY) -> Path:
    """Fill a checkpoints folder with a model of such sizes, in the published layout; return the folder.

    `latentsync.load` takes it with the same config. Written again it holds the same weights.
    """
    unet, whisper, vae = drawn_unet(config.unet), WhisperEncoder(config.whisper), make_vae(config.vae)
    for network in (whisper, vae):
        draw_weights(network)
    (folder / WHISPER).parent.mkdir(parents=True, exist_ok=True)
    torch.save({"global_step": 0, "state_dict": unet.state_dict()}, folder / UNET)
    encoder = {f"encoder.{name}": value for name, value in whisper.state_dict().items()}
    torch.save({"dims": {}, "model_state_dict": encoder}, folder / WHISPER)
    vae.save_pretrained(folder / VAE)
    return folder


@cache
def tiny_lipsync() -> LipSync:
    """Return the tiny model on the CPU."""
    with TemporaryDirectory() as folder:
        return load(write_checkpoints(Path(folder)), "cpu", torch.float32, TINY)


@dataclass(frozen=True, slots=True, eq=False)
class MadeClip:
    """A clip without a face that has matrices all the same. Satisfies `latentsync.portrait.Clip`."""

    frames: int
    pictures: NDArray[np.uint8]
    matrices: NDArray[np.float32]
    boxes: NDArray[np.int32]
    masks: NDArray[np.uint8]


def made_clip(frames: int = 12, width: int = 320, height: int = 240, scale: float = 1.5) -> MadeClip:
    """Return a clip of waves, in which the crop, `scale` times the picture's size, moves right and turns."""
    rows, columns = np.mgrid[: height * 3 // 2, :width]
    strength = np.where(rows < height, 1.0, 0.2)  # chroma, in the lower third, is to stay within RGB
    waves = [60 * np.sin((columns + 5 * i) / 11) + 40 * np.cos(rows / 7) for i in range(frames)]
    pictures = np.stack([128 + strength * wave for wave in waves]).astype(np.uint8)
    matrices = np.stack([_matrix(i, scale) for i in range(frames)])
    boxes = fit_boxes(matrices, width, height)
    masks = np.stack([draw_mask(matrix, box) for matrix, box in zip(matrices, boxes, strict=True)])
    return MadeClip(frames, pictures, matrices, boxes, masks)


def _matrix(frame: int, scale: float) -> NDArray[np.float32]:
    """Return a similarity that lays the crop some 60 pixels from the left and 20 from the top."""
    angle = 0.01 * frame
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, -turn @ (60.3 + frame, 20.7)]).astype(np.float32)
