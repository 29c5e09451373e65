"""The engine's way with a chunk, in stages; and the work that is in it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from bench.chunk.scene import FRAMES, SEED, make_scene, make_sound
from bench.chunk.timing import Timed, timed
from latentsync import vae
from latentsync.features import sound_features, window_features
from latentsync.lipsync import LipSync, draw_noise
from latentsync.portrait import Portrait

STEPS = 20


@dataclass(frozen=True, slots=True)
class Stages:
    """Milliseconds of a chunk's stages, and of all of them but the first in one go.

    A window of 30 s is heard once for all its chunks.
    """

    hear: Timed
    look: Timed
    draw: Timed
    decode: Timed
    lay: Timed
    bring: Timed
    whole: Timed


class Chunk:
    """One chunk of a job on the prepared scene."""

    def __init__(self, model: LipSync, frames: int, first: int = 0, steady: bool = False) -> None:
        self.model = model
        self.clip_frames = tuple(frame % FRAMES for frame in range(first, first + frames))
        self.scene = make_scene(still=steady)
        self.portrait = make_portrait(model, steady)
        self.samples = make_sound(steady)
        self.sound = window_features(hear(model, steady), first + frames)[first:]
        self.noise = draw_noise(SEED).to(model.device)

    def render(self, guidance_scale: float = 1.0) -> Tensor:
        """Return the chunk's patches on the host."""
        model, looks = self.model, self.portrait.look(self.clip_frames)
        latents = model.draw(looks, self.sound, self.noise, STEPS, guidance_scale)
        return to_host(model.lay(looks, model.decode(looks, latents)))

    def stages(self) -> Stages:
        """Time each stage alone, then the whole."""
        model, looks = self.model, self.portrait.look(self.clip_frames)
        latents = model.draw(looks, self.sound, self.noise, STEPS, 1.0)
        faces = model.decode(looks, latents)
        patches = model.lay(looks, faces)
        work: list[Callable[[], object]] = [
            lambda: sound_features(self.samples, model.whisper),
            lambda: self.portrait.look(self.clip_frames),
            lambda: model.draw(looks, self.sound, self.noise, STEPS, 1.0),
            lambda: model.decode(looks, latents),
            lambda: model.lay(looks, faces),
            lambda: to_host(patches),
            self.render,
        ]
        return Stages(*(timed(part) for part in work))


@cache
def make_portrait(model: LipSync, steady: bool) -> Portrait:
    """Return the scene's portrait, one for all its chunks."""
    return model.portrait(make_scene(still=steady))


@cache
def hear(model: LipSync, steady: bool) -> Tensor:
    """Return the states of the scene's sound."""
    return sound_features(make_sound(steady), model.whisper)


def to_host(patches: Tensor) -> Tensor:
    """Bring patches to the host as the engine does."""
    brought = torch.empty(patches.shape, dtype=patches.dtype, pin_memory=True)
    brought.copy_(patches, non_blocking=True)
    torch.cuda.current_stream().synchronize()
    return brought


@torch.inference_mode()
def count_flops(model: LipSync, frames: int) -> float:
    """Return the floating-point operations of a chunk's matrix products and convolutions, in TFLOP."""
    unet = model.unet
    sample = torch.randn(1, 13, frames, 32, 32, device="cuda", dtype=model.dtype)
    heard = unet.listen(torch.randn(frames, 50, 384, device="cuda", dtype=model.dtype))
    with FlopCounterMode(display=False) as step:
        unet.denoise(sample, 1, heard, None)
    with FlopCounterMode(display=False) as decoding:
        vae.decode(model.autoencoder, sample[0, :4].transpose(0, 1).contiguous())
    return float(STEPS * step.get_total_flops() + decoding.get_total_flops()) / 1e12
