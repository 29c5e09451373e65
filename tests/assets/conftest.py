"""What the assets' tests share: the committed clip, decoded and measured once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest
from mediapipe.python.solutions.face_mesh import FaceMesh
from numpy.typing import NDArray

ASSETS = Path(__file__).parents[2] / "assets"
CLIP = ASSETS / "presenter.mp4"

Pixels = NDArray[np.uint8]  # (height, width, 3), red first
Landmarks = NDArray[np.float64]  # (478, 2), pixels


@dataclass(frozen=True, slots=True)
class Clip:
    """A decoded clip: `kept` are every tenth frame, the first two, the last two and one in each blink."""

    rate: float
    count: int
    streams: tuple[str, ...]
    colours: tuple[int, int, int, int]  # matrix, primaries, transfer and range, by FFmpeg's numbers
    kept: dict[int, Pixels]


def decode(path: Path, wanted: set[int]) -> Clip:
    with av.open(str(path)) as file:
        video = file.streams.video[0]
        kept: dict[int, Pixels] = {}
        count = 0
        for count, frame in enumerate(file.decode(video), start=1):
            if count - 1 in wanted:
                kept[count - 1] = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        tags = video.codec_context
        colours = (tags.colorspace, tags.color_primaries, tags.color_trc, tags.color_range)
        streams = tuple(stream.type for stream in file.streams)
        return Clip(float(video.average_rate or 0), count, streams, colours, kept)


def landmarks(mesh: FaceMesh, pixels: Pixels) -> Landmarks | None:
    """Return where the face's points lie, or nothing where no face is found."""
    found = mesh.process(np.ascontiguousarray(pixels)).multi_face_landmarks
    if not found:
        return None
    height, width = pixels.shape[:2]
    return np.array([(point.x * width, point.y * height) for point in found[0].landmark])


@pytest.fixture(scope="session")
def mesh() -> Iterator[FaceMesh]:
    with FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1) as found:
        yield found
