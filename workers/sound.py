"""Decoding a posted file, under limits, to the two sounds that a job needs."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np
from numpy.typing import NDArray

from latentsync import mel
from wire import uploads
from wire.media import AIR_RATE_HZ, MODEL_RATE_HZ, MODEL_SAMPLES_PER_FRAME, SAMPLES_PER_FRAME, frames_of

DECODE_TIMEOUT_S = 120.0
"""An hour of MP3 decodes in some 15 s; what takes longer is no honest file."""
DEMUXERS = "wav,mp3,mov,ogg,flac"
"""As the API's probe allows (`app.probe`); all else is refused before it is parsed."""
SHORT_BY_S = 0.5
"""A file that ends so much before its header says is told to be broken off; less is a codec's padding."""


class UnusableSoundError(ValueError):
    """A posted file that cannot be spoken; the text is for who posted it."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What decoding found out. `loudest` is the whole sound's, see `latentsync.mel.find_maximum`."""

    frames: int
    loudest: float
    warning: str


def decode(folder: Path, job_id: str, max_s: float, announced_s: float, ffmpeg_path: str) -> Decoded:
    """Decode the posted file of the job beside itself: for the air and for the engine, in whole frames.

    What was decoded before a break is used, and told of in `warning`.

    Raises:
        UnusableSoundError: nothing can be decoded, or it is longer than `max_s` seconds.
    """
    complaint = _run(folder, job_id, max_s, ffmpeg_path)
    air, heard = uploads.air(folder, job_id), uploads.heard(folder, job_id)
    samples = air.stat().st_size // 2 if air.exists() else 0
    seconds = samples / AIR_RATE_HZ
    if samples == 0:
        raise UnusableSoundError(f"no sound could be decoded: {complaint or 'the file holds none'}")
    if seconds > max_s:
        raise UnusableSoundError(f"the sound is longer than the {max_s:g} s that are allowed")
    frames = frames_of(samples)
    _fit(air, frames * SAMPLES_PER_FRAME)
    _fit(heard, frames * MODEL_SAMPLES_PER_FRAME)
    loudest = mel.find_maximum(read(heard))
    return Decoded(frames, loudest, _warning(seconds, announced_s, complaint))


def read(path: Path) -> NDArray[np.int16]:
    """Return a decoded sound as a read-only memory map, `(samples,)` int16."""
    return np.memmap(path, "<i2", mode="r")


def _run(folder: Path, job_id: str, max_s: float, ffmpeg_path: str) -> str:
    """Let ffmpeg decode; return what it complained of last, in one line."""
    source = str(uploads.posted(folder, job_id))
    posted = ffmpeg.input(source, protocol_whitelist="file", format_whitelist=DEMUXERS).audio.asplit()
    form = {"format": "s16le", "ac": 1, "t": max_s + 1}
    both = ffmpeg.merge_outputs(
        posted[0].output(str(uploads.air(folder, job_id)), ar=AIR_RATE_HZ, **form),
        posted[1].output(str(uploads.heard(folder, job_id)), ar=MODEL_RATE_HZ, **form),
    )
    command = both.global_args("-v", "error", "-nostdin").overwrite_output().compile(cmd=ffmpeg_path)
    try:
        done = subprocess.run(command, capture_output=True, timeout=DECODE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise UnusableSoundError(f"decoding took longer than {DECODE_TIMEOUT_S:g} s") from None
    if b"No space left on device" in done.stderr:
        raise UnusableSoundError("there is no room on the disk for the decoded sound")
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].rpartition("] ")[2][:200] if lines else ""


def _fit(path: Path, samples: int) -> None:
    """Cut the file to `samples`, or fill it up with silence."""
    with path.open("r+b") as file:
        file.truncate(samples * 2)


def _warning(seconds: float, announced_s: float, complaint: str) -> str:
    if announced_s - seconds > SHORT_BY_S:
        return f"the file breaks off after {seconds:.2f} of {announced_s:.2f} s"
    return f"the file is damaged: {complaint}" if complaint else ""
