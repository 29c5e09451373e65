"""Writing the clip: pictures through a pipe into ffmpeg."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import imageio_ffmpeg

from assets.presenter.canvas import HEIGHT, WIDTH, Frame

QUALITY = 14  # x264's constant rate factor
# Without accurate rounding the converter darkens the picture by one to two steps of 255.
COLOURS = (
    "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_inp+full_chroma_int,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)


class ClipError(RuntimeError):
    """ffmpeg did not write the clip; the text ends with what it said."""


def write_clip(path: Path, pictures: Iterable[Frame], fps: int) -> None:
    """Encode pictures as H.264 in MP4, BT.709 in limited range, without sound.

    Raises:
        ClipError: ffmpeg failed.
    """
    with subprocess.Popen(_command(path, fps), stdin=subprocess.PIPE, stderr=subprocess.PIPE) as ffmpeg:
        assert ffmpeg.stdin is not None
        assert ffmpeg.stderr is not None
        whole = _feed(ffmpeg.stdin, pictures)
        said = ffmpeg.stderr.read().decode(errors="replace")
    if ffmpeg.returncode or not whole:
        raise ClipError(f"ffmpeg ended with {ffmpeg.returncode}: {said[-400:]}")


def _feed(pipe: IO[bytes], pictures: Iterable[Frame]) -> bool:
    """Write every picture and close the pipe; tell whether ffmpeg took them all."""
    try:
        with pipe:
            for picture in pictures:
                pipe.write(picture.tobytes())
    except BrokenPipeError:
        return False
    return True


def _command(path: Path, fps: int) -> list[str]:
    source = f"-f rawvideo -pix_fmt bgr24 -s {WIDTH}x{HEIGHT} -r {fps} -i pipe:0".split()
    coder = f"-c:v libx264 -preset slow -crf {QUALITY} -movflags +faststart".split()
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    return [*ffmpeg, *source, "-vf", COLOURS, *coder, str(path)]
