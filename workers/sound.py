"""Decoding a posted file, under limits, to the two sounds that a job needs."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

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
BYTES_PER_S = 2 * (AIR_RATE_HZ + MODEL_RATE_HZ)
"""What a second of both decoded sounds takes on the disk."""
NO_ROOM = "there is no room on the disk for the decoded sound: post it again when there is"
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

    What was decoded before a break is used, and told of in `warning`. Both files appear whole, or not at all,
    so that another try at the same time does no harm.

    Raises:
        UnusableSoundError: nothing can be decoded, it is longer than `max_s` seconds, or the disk has no room
            for it beside the reserve.
    """
    room_s = uploads.room(folder) / BYTES_PER_S
    if announced_s > room_s:
        raise UnusableSoundError(NO_ROOM)
    with put_in_place(uploads.air(folder, job_id), uploads.heard(folder, job_id)) as (air, heard):
        complaint = _run(uploads.posted(folder, job_id), air, heard, min(max_s, room_s) + 1, ffmpeg_path)
        samples = air.stat().st_size // 2 if air.exists() else 0
        seconds = samples / AIR_RATE_HZ
        if samples == 0:
            raise UnusableSoundError(f"no sound could be decoded: {complaint or 'the file holds none'}")
        if seconds > max_s:
            raise UnusableSoundError(f"the sound is longer than the {max_s:g} s that are allowed")
        if seconds > room_s:
            raise UnusableSoundError(NO_ROOM)
        frames = frames_of(samples)
        _fit(air, frames * SAMPLES_PER_FRAME)
        _fit(heard, frames * MODEL_SAMPLES_PER_FRAME)
        loudest = mel.find_maximum(read(heard))
    return Decoded(frames, loudest, _warning(seconds, announced_s, complaint))


def read(path: Path) -> NDArray[np.int16]:
    """Return a decoded sound as a read-only memory map, `(samples,)` int16."""
    return np.memmap(path, "<i2", mode="r")


@contextmanager
def put_in_place(*paths: Path) -> Iterator[list[Path]]:
    """Yield a name of this try's own beside each of `paths`: what is written there takes their place at the
    end, or goes where that is an error."""
    mark = uuid4().hex
    parts = [path.with_name(f"{path.name}.{mark}.part") for path in paths]
    try:
        yield parts
        for part, path in zip(parts, paths, strict=True):
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _run(source: Path, air: Path, heard: Path, longest_s: float, ffmpeg_path: str) -> str:
    """Let ffmpeg decode; return what it complained of last, in one line."""
    posted = ffmpeg.input(str(source), protocol_whitelist="file", format_whitelist=DEMUXERS).audio.asplit()
    form = {"format": "s16le", "ac": 1, "t": longest_s}
    both = ffmpeg.merge_outputs(
        posted[0].output(str(air), ar=AIR_RATE_HZ, **form),
        posted[1].output(str(heard), ar=MODEL_RATE_HZ, **form),
    )
    command = both.global_args("-v", "error", "-nostdin").overwrite_output().compile(cmd=ffmpeg_path)
    try:
        done = subprocess.run(command, capture_output=True, timeout=DECODE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise UnusableSoundError(f"decoding took longer than {DECODE_TIMEOUT_S:g} s") from None
    if b"No space left on device" in done.stderr:
        raise UnusableSoundError(NO_ROOM)
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
