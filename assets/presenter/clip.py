"""Writing the clip: pictures through a pipe into ffmpeg."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
QUALITY = 16  # x264's constant rate factor

Picture = NDArray[np.uint8]  # (720, 1280, 3), blue first


class ClipError(RuntimeError):
    """ffmpeg did not write the clip; the text ends with what it said."""


def write_clip(path: Path, pictures: Iterable[Picture], fps: int) -> None:
    """Encode pictures as H.264 in MP4, BT.709 in limited range, without sound.

    Raises:
        ClipError: ffmpeg failed.
    """
    with subprocess.Popen(_command(path, fps), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None and ffmpeg.stderr is not None
        whole = _feed(ffmpeg.stdin, pictures)
        said = ffmpeg.stderr.read().decode(errors="replace")
    if ffmpeg.returncode or not whole:
        raise ClipError(f"ffmpeg ended with {ffmpeg.returncode}: {said[-400:]}")


def _feed(pipe: IO[bytes], pictures: Iterable[Picture]) -> bool:
    """Write every picture and close the pipe; tell whether ffmpeg took them all."""
    try:
        with pipe:
            for picture in pictures:
                pipe.write(picture.tobytes())
    except BrokenPipeError:
        return False
    return True


def _command(path: Path, fps: int) -> list[str]:
    source = ["-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(fps), "-i", "pipe:0"]
    colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"]
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
    coder = ["-c:v", "libx264", "-preset", "slow", "-crf", str(QUALITY), *tags]
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    return [*ffmpeg, *source, *colours, *coder, "-movflags", "+faststart", str(path)]
