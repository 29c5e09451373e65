"""The pipe into ffmpeg, read back by another reader."""

import io

import av
import numpy as np
import pytest

from streamer import matroska
from wire.media import SAMPLES_PER_FRAME


@pytest.mark.parametrize(("width", "height"), [(64, 36), (2, 2), (1080, 1920)])
def test_what_goes_in_comes_out_at_its_time(width: int, height: int) -> None:
    random = np.random.default_rng(1)
    pictures = random.integers(0, 256, (3, height * 3 // 2, width), np.uint8)
    sounds = random.integers(-32768, 32768, (3, SAMPLES_PER_FRAME)).astype("<i2")
    ticks = (7, 8, 2**31)  # a channel that has been on air for 2.7 years
    pipe = bytearray(matroska.header(width, height))
    for tick, picture, sound in zip(ticks, pictures, sounds, strict=True):
        before, between = matroska.tick_heads(tick, picture.nbytes, sound.nbytes)
        pipe += before + picture.tobytes() + between + sound.tobytes()

    with av.open(io.BytesIO(pipe), "r", format="matroska") as container:
        packets = [(p.stream.type, p.pts, bytes(p)) for p in container.demux() if p.size]
    shown = [(pts, content) for kind, pts, content in packets if kind == "video"]
    heard = [(pts, content) for kind, pts, content in packets if kind == "audio"]
    assert shown == [(40 * tick, p.tobytes()) for tick, p in zip(ticks, pictures, strict=True)]
    assert heard == [(40 * tick, s.tobytes()) for tick, s in zip(ticks, sounds, strict=True)]
