"""The LatentSync engine, behind the engines' interface."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avatars.store import Avatar
from latentsync.config import LATENTSYNC_1_0, ModelConfig
from latentsync.features import chunk_features, span_features
from latentsync.lipsync import LipSync, draw_noise, load
from latentsync.portrait import Portrait
from latentsync.spans import Span, heard
from settings import settings
from wire.batches import Patch
from wire.chunks import FIRST_CHUNK
from wire.media import CHUNK_FRAMES, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Order, Speech
from workers.engines.latentsync.kept import Kept
from workers.engines.latentsync.trouble import told
from workers.engines.latentsync.weights import fingerprint

SIZES = (FIRST_CHUNK, CHUNK_FRAMES)
"""Chunks that are captured as CUDA graphs; others are filled up to the next one."""
PORTRAITS_KEPT = 2
"""Avatars on the device, each with `latentsync.portrait.KEPT_BYTES` at most."""
STATES_KEPT = 16
"""Windows of 30 s of jobs' sounds, 6 MB each."""
NOISES_KEPT = 64
"""Jobs' noise, 16 kB each."""


class LatentSyncEngine:
    """Draws the mouth that the sound makes, with the LatentSync 1.0 model.

    What it keeps from chunk to chunk follows from the avatar, from the job's sound or from its seed alone, so
    that a chunk's pixels depend neither on which worker renders it nor on what that one rendered before.
    """

    name = "latentsync"
    weights = ""
    config: ModelConfig = LATENTSYNC_1_0

    def __init__(self) -> None:
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._portraits: Kept[str, Portrait] = Kept(PORTRAITS_KEPT)
        self._states: Kept[tuple[str, Span], Tensor] = Kept(STATES_KEPT)
        self._noises: Kept[int, Tensor] = Kept(NOISES_KEPT)

    def warm_up(self) -> None:
        """Load the checkpoints; on a GPU, capture the steps of every size of chunk.

        Raises:
            CheckpointError: a file is missing, damaged or of another model; the text says which and why.
        """
        dtype = torch.float16 if self.device == "cuda" else torch.float32
        self._model: LipSync = load(settings().checkpoints_folder, self.device, dtype, self.config)
        self.weights = fingerprint(settings().checkpoints_folder)
        if self.device == "cuda":
            self._model.capture(SIZES)

    def features(self, speech: Speech) -> Tensor:
        """Return the windows of sound of the chunk's frames, `(frames, 50, 384)`.

        Raises:
            RuntimeError: there is less sound than the chunk's frames need.
            LostDeviceError: the device is of no more use to this process.
        """
        frames = range(speech.first_frame, speech.first_frame + speech.frames)
        with self._told():
            return chunk_features(
                frames, speech.job_frames * MODEL_SAMPLES_PER_FRAME, partial(self._hear, speech)
            )

    def render(self, avatar: Avatar, features: Tensor, order: Order) -> Iterator[Patch]:
        """Yield one patch for each of `order.clip_frames`, in order.

        Raises:
            RuntimeError: the order fits neither sound nor avatar, or what the model gave is no picture.
            LostDeviceError: the device is of no more use to this process.
        """
        with self._told():
            pictures = self._draw(avatar, features, order)
        for frame, picture in zip(order.clip_frames, pictures, strict=True):
            x, y = (int(number) for number in avatar.boxes[frame, :2])
            yield Patch(x, y, picture)

    def _draw(self, avatar: Avatar, features: Tensor, order: Order) -> NDArray[np.uint8]:
        portrait = self._portraits.get(avatar.hash, partial(self._model.portrait, avatar))
        noise = self._noises.get(order.seed, partial(self._noise, order.seed))
        looks = portrait.look(order.clip_frames)
        latents = self._model.draw(looks, features, noise, order.inference_steps, order.guidance_scale)
        faces = self._model.decode(looks, latents)
        are_numbers = faces.isfinite().all()
        patches = self._model.lay(looks, faces)
        brought = torch.empty(patches.shape, dtype=patches.dtype, pin_memory=self.device == "cuda")
        brought.copy_(patches, non_blocking=True)
        if not are_numbers:  # asking waits for the device, and so for the copy
            raise ValueError("the model gave values that are no numbers")
        return brought.numpy()

    def _hear(self, speech: Speech, span: Span) -> Tensor:
        return self._states.get((speech.job, span), partial(self._encode, speech, span))

    def _encode(self, speech: Speech, span: Span) -> Tensor:
        stretch = heard(span, speech.job_frames * MODEL_SAMPLES_PER_FRAME)
        begins = (speech.first_frame - speech.lead) * MODEL_SAMPLES_PER_FRAME
        part = speech.samples[max(0, stretch.start - begins) : stretch.stop - begins]
        if stretch.start < begins or len(part) < stretch.stop - stretch.start:
            ends = begins + len(speech.samples)
            raise ValueError(
                f"samples {stretch.start} to {stretch.stop} are to be heard, but {begins} to {ends} came"
            )
        return span_features(part, span, speech.loudest, self._model.whisper)

    def _noise(self, seed: int) -> Tensor:
        return draw_noise(seed).to(self._model.device)

    def _told(self) -> AbstractContextManager[None]:
        return told(self.device, self._make_room)

    def _make_room(self) -> None:
        self._portraits.clear()
        self._states.clear()
