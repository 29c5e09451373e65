"""Small clips for the tests, made by ffmpeg, and what is needed to look at the prepared pictures."""

import subprocess
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from numpy.typing import NDArray

from avatars.clip import Decoder
from avatars.probe import Limits, probe

FFMPEG = get_ffmpeg_exe()
PRESENTER = Path(__file__).parents[2] / "assets" / "presenter.mp4"
LIMITS = Limits(seconds=10, side_px=640)

QUICK = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def make(file: Path, *arguments: str) -> Path:
    """Let ffmpeg make `file` from its arguments."""
    subprocess.run([FFMPEG, "-v", "error", "-y", *arguments, str(file)], check=True, timeout=60)
    return file


def drawn(file: Path, source: str, *arguments: str) -> Path:
    """Make a clip of one of ffmpeg's own sources, such as `testsrc2=size=320x180:rate=25:duration=1`."""
    return make(file, "-f", "lavfi", "-i", source, *(arguments or QUICK))


def of_presenter(file: Path, filters: str, frames: int = 25) -> Path:
    """Make a clip of the presenter at 640×360, its pictures changed by ffmpeg filters."""
    chain = f"scale=640:-2{filters and ',' + filters}"
    return make(file, "-i", str(PRESENTER), "-frames:v", str(frames), "-vf", chain, "-an", *QUICK)


def decode(clip: Path, limits: Limits = LIMITS) -> list[NDArray[np.uint8]]:
    """Decode a whole clip to its I420 pictures."""
    with Decoder(FFMPEG, clip, probe(clip, limits), limits) as decoder:
        return list(decoder)


def size(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return width and height of an I420 picture."""
    return picture.shape[1], picture.shape[0] * 2 // 3


def middle_rgb(picture: NDArray[np.uint8]) -> tuple[int, ...]:
    """Return the colour in the middle of a BT.709 limited-range I420 picture: R, G, B of 0 to 255."""
    width, height = size(picture)
    luma = float(picture[height // 2, width // 2])
    planes = picture[height:].reshape(2, height // 2, width // 2)
    blue, red = (float(plane[height // 4, width // 4]) - 128 for plane in planes)
    grey = (luma - 16) * 255 / 219
    scaled_blue, scaled_red = blue * 255 / 224, red * 255 / 224
    green = grey - 0.1873 * scaled_blue - 0.4681 * scaled_red
    return tuple(round(value) for value in (grey + 1.5748 * scaled_red, green, grey + 1.8556 * scaled_blue))
