"""A whole sound on a clip, chunk by chunk, with nobody waiting: what `python -m latentsync` does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor

from latentsync.errors import LatentSyncError
from latentsync.features import chunk_features, span_features
from latentsync.geometry import Picture
from latentsync.lipsync import LipSync, draw_noise
from latentsync.mel import Sound, find_maximum
from latentsync.picture import put
from latentsync.portrait import Clip
from latentsync.spans import Span, Windows, heard

_SPANS_KEPT = 2  # a chunk at the border of two windows needs both, the next one the second


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to render.

    Attributes:
        chunk_frames: frames that are rendered together, and so coupled.
        steps: 1 to 999.
        guidance_scale: above 1, the sound is followed more closely, at twice the work.
        seed: of the noise that all frames begin as.
        windows: how windows of 30 s lie on a longer sound, see `latentsync.spans`.
    """

    chunk_frames: int
    steps: int
    guidance_scale: float
    seed: int
    windows: Windows


def render_sound(
    lipsync: LipSync, clip: Clip, clip_frames: Sequence[int], samples: Sound, wishes: Wishes
) -> Iterator[Picture]:
    """Yield the clip's whole picture, I420, for each of `clip_frames`, speaking.

    Args:
        clip_frames: which frame of the clip each frame of the result shows, 25 a second from the sound's
            start; the last chunk is as short as they leave it.
        samples: the whole sound, 16 kHz mono.
    Raises:
        LatentSyncError: what the model gives is no picture.
    """
    portrait = lipsync.portrait(clip)
    noise = draw_noise(wishes.seed).to(lipsync.device)
    hear = _hearing(lipsync, samples)
    for first in range(0, len(clip_frames), wishes.chunk_frames):
        shown = clip_frames[first : first + wishes.chunk_frames]
        sound = chunk_features(range(first, first + len(shown)), len(samples), hear, wishes.windows)
        looks = portrait.look(shown)
        faces = lipsync.decode(looks, lipsync.draw(looks, sound, noise, wishes.steps, wishes.guidance_scale))
        if not faces.isfinite().all():
            last = first + len(shown) - 1
            raise LatentSyncError(f"The model gave values that are no numbers for frames {first} to {last}.")
        patches = lipsync.lay(looks, faces)
        for frame, patch in zip(shown, patches.cpu().numpy(), strict=True):
            yield _with_patch(clip, frame, patch)


def _hearing(lipsync: LipSync, samples: Sound) -> Callable[[Span], Tensor]:
    maximum = find_maximum(samples)

    @lru_cache(_SPANS_KEPT)
    def hear(span: Span) -> Tensor:
        return span_features(samples[heard(span, len(samples))], span, maximum, lipsync.whisper)

    return hear


def _with_patch(clip: Clip, frame: int, patch: Picture) -> Picture:
    picture = np.array(clip.pictures[frame])
    put(patch, picture, int(clip.boxes[frame, 0]), int(clip.boxes[frame, 1]))
    return picture
