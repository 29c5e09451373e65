"""How far a mouth is open in received pictures, and how loud the sound was that it should follow."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from avatars.faces import FaceFinder
from tests.metering.recording import Recording
from wire.media import AIR_RATE_HZ, SAMPLES_PER_FRAME

UPPER_LIP, LOWER_LIP = 13, 14
"""The lips' inner edges, in MediaPipe's numbering of a face's 478 points."""
EYES = (33, 263)
"""Their outer corners: how far apart they are is the measure, whatever the picture's size."""
LOUDNESS_FRAMES = 3
"""Loudness is that of 0.12 s: syllables, not the pulses of a voice."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture's timestamp, and how far the lips are apart there: a share of the eyes' distance."""

    pts_s: float
    opening: float


def looks(recording: Recording) -> Iterator[Look]:
    """Yield how far the mouth is open in each picture; nothing for pictures in which no face is found."""
    with FaceFinder() as finder:
        for frame, pts_s in recording.pictures():
            points = finder.find(np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8))
            if points is not None:
                gap = float(np.linalg.norm(points[LOWER_LIP] - points[UPPER_LIP]))
                yield Look(pts_s, gap / float(np.linalg.norm(points[EYES[0]] - points[EYES[1]])))


def loudness(sound: NDArray[np.float32] | NDArray[np.int16]) -> NDArray[np.float64]:
    """Return each frame's loudness, `(frames,)`, of sound at 48 kHz, `(n,)`: root mean square, smoothed over
    `LOUDNESS_FRAMES`."""
    frames = len(sound) // SAMPLES_PER_FRAME
    power = np.square(sound[: frames * SAMPLES_PER_FRAME].reshape(frames, -1), dtype=np.float64).mean(axis=1)
    return np.sqrt(np.convolve(power, np.ones(LOUDNESS_FRAMES) / LOUDNESS_FRAMES, mode="same"))


def read_sound(path: Path) -> NDArray[np.int16]:
    """Return a sound file as it goes on the air: `(n,)` int16, mono, 48 kHz."""
    resampler = AudioResampler("s16", "mono", AIR_RATE_HZ)
    with av.open(str(path)) as file:
        pieces: list[AudioFrame] = [
            piece for frame in file.decode(audio=0) for piece in resampler.resample(frame)
        ]
        pieces += resampler.resample(None)
    return np.concatenate([piece.to_ndarray()[0] for piece in pieces])


def save(frame: VideoFrame, path: Path) -> None:
    """Write a picture as a still."""
    cv2.imwrite(str(path), frame.to_ndarray(format="bgr24"))
