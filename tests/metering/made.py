"""Streams made on purpose, right or with known faults, encoded as the streamer does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from avatars.loop import there_and_back
from tests.metering.marks import (
    HEIGHT,
    PATCH_X,
    PATCH_Y,
    WIDTH,
    Mark,
    clip_picture,
    job_number,
    patch_picture,
)
from wire.chunks import chunk_of
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME, frames_of

VIDEO_KBPS = 800
"""Poorer than any setting a viewer would bear: marks must survive it."""
X264 = {"preset": "veryfast", "tune": "zerolatency", "maxrate": "800k", "bufsize": "800k", "bf": "0"}


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of a stream to be made: clip frame, patch with its share, sound, and timestamp in frames.

    `over` is another clip frame that shows with the share `over_share`.
    """

    clip: int
    sound: NDArray[np.int16]
    at: float
    mark: Mark | None = None
    level: float = 0.0
    is_black: bool = False
    over: int = 0
    over_share: float = 0.0


def idle(start: int, count: int, clip_frames: int) -> list[Moment]:
    """Return `count` moments of the clip alone, from position `start`, which is their timestamp too."""
    nothing = np.zeros(SAMPLES_PER_FRAME, np.int16)
    return [Moment(there_and_back(at, clip_frames), nothing, at) for at in range(start, start + count)]


def job(
    job_id: str, sound: NDArray[np.int16], start: int, clip_frames: int, fade_in: int = 4, fade_out: int = 4
) -> list[Moment]:
    """Return the moments of a job that fades in with its first frames, and out while its last one is held."""
    frames = frames_of(len(sound))
    padded = np.pad(sound, (0, frames * SAMPLES_PER_FRAME - len(sound))).reshape(frames, -1)
    spoken = []
    for frame, moment in enumerate(idle(start, frames, clip_frames)):
        mark = Mark(job_number(job_id), chunk_of(frame), frame, attempt=1, clip=moment.clip)
        level = min(1.0, (frame + 1) / fade_in)
        spoken.append(replace(moment, mark=mark, level=level, sound=padded[frame]))
    tail = idle(start + frames, fade_out - 1, clip_frames)
    held = [replace(m, mark=spoken[-1].mark, level=1 - (i + 1) / fade_out) for i, m in enumerate(tail)]
    return spoken + held


def encode(path: Path, moments: Sequence[Moment], sound_late_s: float = 0.0) -> Path:
    """Write the moments as FLV, H.264 and AAC; sound comes `sound_late_s` after its picture."""
    with av.open(str(path), "w", format="flv") as out:
        video, audio = _streams(out)
        heard = np.concatenate([m.sound for m in moments])
        silence = np.zeros(round(sound_late_s * AIR_RATE_HZ), np.int16)
        heard = np.concatenate([silence, heard])[: len(heard)].reshape(-1, SAMPLES_PER_FRAME)
        for moment, sound in zip(moments, heard, strict=True):
            out.mux(video.encode(_picture(moment)))
            out.mux(audio.encode(_piece(moment, sound)))
        for stream in (video, audio):
            out.mux(stream.encode(None))
    return path


def _streams(out: Any) -> Iterator[Any]:
    video = out.add_stream("libx264", rate=FPS, options=X264)
    video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    video.bit_rate, video.gop_size, video.time_base = VIDEO_KBPS * 1000, 2 * FPS, Fraction(1, 1000)
    yield video
    audio = out.add_stream("aac", rate=AIR_RATE_HZ, layout="mono")
    audio.bit_rate = 128_000
    yield audio


def _picture(moment: Moment) -> VideoFrame:
    pixels = clip_picture(moment.clip)
    if moment.over_share:
        share = moment.over_share
        pixels = np.asarray(pixels * (1 - share) + clip_picture(moment.over) * share, np.uint8)
    if moment.mark:
        _lay(pixels, patch_picture(moment.mark), moment.level)
    if moment.is_black:
        pixels[:HEIGHT] = 16
    frame = VideoFrame.from_ndarray(pixels, format="yuv420p")
    frame.pts, frame.time_base = round(moment.at * 1000 / FPS), Fraction(1, 1000)
    return frame


def _lay(pixels: NDArray[np.uint8], patch: NDArray[np.uint8], level: float) -> None:
    """Mix the patch's luma into the picture's; all chroma of both is grey."""
    luma = patch[: patch.shape[0] * 2 // 3].astype(float)
    area = pixels[PATCH_Y : PATCH_Y + luma.shape[0], PATCH_X : PATCH_X + luma.shape[1]]
    area[:] = np.rint(area + (luma - area) * level)


def _piece(moment: Moment, sound: NDArray[np.int16]) -> AudioFrame:
    piece = AudioFrame.from_ndarray(sound[None], format="s16", layout="mono")
    piece.sample_rate, piece.pts = AIR_RATE_HZ, round(moment.at * SAMPLES_PER_FRAME)
    piece.time_base = Fraction(1, AIR_RATE_HZ)
    return piece
