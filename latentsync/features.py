"""From a sound to what each video frame hears of it: Whisper's states, ten positions a frame."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentsync.mel import BANDS, Sound, find_maximum, frames_of, log_mel
from latentsync.spans import WINDOW_FRAMES, Span, Windows, cut_spans, heard, needed, positions_of, rows_of
from latentsync.whisper import WhisperEncoder


def sound_features(samples: Sound, encoder: WhisperEncoder, windows: Windows = "overlap") -> Tensor:
    """Encode a whole sound.

    Args:
        samples: `(samples,)`, 16 kHz mono, int16 or float32 of -1 to 1.
        windows: how windows of 30 s lie on longer sounds, see `latentsync.spans`.
    Returns:
        `(positions, 5, 384)` for Whisper-tiny, 50 positions a second; dtype and device of the encoder.
    Raises:
        ValueError: the sound is shorter than one position, 20 ms.
    """
    spans = cut_spans(frames_of(len(samples)), windows)
    if not spans:
        raise ValueError(f"a sound of {len(samples)} samples is shorter than one position, 320 samples")
    maximum = find_maximum(samples)
    return torch.cat(
        [span_features(samples[heard(span, len(samples))], span, maximum, encoder) for span in spans]
    )


@torch.no_grad()
def span_features(stretch: Sound, span: Span, maximum: float, encoder: WhisperEncoder) -> Tensor:
    """Encode one window of a sound: the same numbers that `sound_features` gives for its positions.

    Args:
        stretch: the part of the sound that `spans.heard` names.
        maximum: what `mel.find_maximum` says of the whole sound.
    Returns:
        `(span.stop - span.first, 5, 384)` for Whisper-tiny; dtype and device of the encoder.
    """
    window = np.zeros((1, BANDS, WINDOW_FRAMES), np.float32)
    window[0, :, : span.frames] = log_mel(stretch, maximum, span.lead, span.frames)
    states: Tensor = encoder(torch.from_numpy(window).to(encoder.positional_embedding))
    return states[0, span.taken]


def window_features(features: Tensor, frames: int, fps: float = 25.0) -> Tensor:
    """Cut a sound's states into one window for each video frame.

    Args:
        features: `(positions, layers, width)`, 50 positions a second, from the sound's start.
        frames: how many windows to cut, from the first frame on.
    Returns:
        `(frames, 10 * layers, width)`, dtype and device of `features`; `(frames, 50, 384)` for Whisper-tiny.
        Frame `i` hears from 80 ms before `i / fps` to 120 ms after; edge positions repeat.
    Raises:
        ValueError: `features` has no positions, or `fps` is not positive.
    """
    return _gather(features, rows_of(range(frames), len(features), fps))


def chunk_features(
    frames: range,
    samples: int,
    hear: Callable[[Span], Tensor],
    windows: Windows = "overlap",
    fps: float = 25.0,
) -> Tensor:
    """Return the windows of some video frames of a long sound, encoding no more than they need.

    Args:
        frames: of the video, from the sound's start.
        samples: the length of the whole sound.
        hear: gives a span's states: what `span_features` says, or what it said before.
    Returns:
        `(frames, 50, 384)` for Whisper-tiny: what `window_features` gives those frames of the whole sound.
    Raises:
        ValueError: the sound is shorter than one position, or `fps` is not positive.
    """
    mel_frames = frames_of(samples)
    rows = rows_of(frames, positions_of(mel_frames), fps)
    spans = needed(cut_spans(mel_frames, windows), int(rows.min()), int(rows.max()) + 1)
    return _gather(torch.cat([hear(span) for span in spans]), rows - spans[0].first)


def _gather(features: Tensor, rows: NDArray[np.intp]) -> Tensor:
    taken = features[torch.from_numpy(rows).to(features.device)]  # (frames, 10, layers, width)
    return taken.flatten(1, 2)
