"""How fast the viseme engine renders on one core: `python -m bench.viseme [clip …]`.

For each clip: chunks of 25 frames from all over it, with the features of their sound, as a render worker
does them. Prints the time a frame takes, and frames a second; the goal is four times real time at 720p.

Time is the process's, of all its threads: what one core takes that has nothing else to do.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from avatars.loop import there_and_back
from avatars.prepare import prepare
from avatars.probe import Limits
from avatars.store import Avatar, open_avatar
from latentsync.mel import find_maximum
from settings import settings
from wire.media import CONTEXT_FRAMES, FPS, MODEL_RATE_HZ, MODEL_SAMPLES_PER_FRAME
from workers.engines.interface import Order, Speech
from workers.engines.viseme import VisemeEngine

ROOT = Path(__file__).parents[1]
CLIPS = (ROOT / "assets/presenter.mp4", ROOT.parent / "shared/media/talk1.mp4")
SOUND = ROOT / "assets/hello.wav"
CHUNK_FRAMES = 25
CHUNKS = 20
GOAL = 4 * FPS


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured on one clip; `chunks_ms` is the time a frame took in each chunk."""

    clip: str
    size: str
    first_ms: float
    features_ms: float
    chunks_ms: tuple[float, ...]

    @property
    def median_ms(self) -> float:
        return statistics.median(self.chunks_ms)


def main() -> int:
    """Run the measurement; return 0 if every clip meets the goal."""
    parser = argparse.ArgumentParser(prog="python -m bench.viseme", description="The viseme engine's speed.")
    parser.add_argument("clips", type=Path, nargs="*", help="by default the presenter and ../shared's")
    clips = parser.parse_args().clips or [clip for clip in CLIPS if clip.exists()]
    sound = _read_sound(SOUND)
    with tempfile.TemporaryDirectory() as folder:
        rows = [measure(_prepared(clip, Path(folder)), clip.name, sound) for clip in clips]
    Console(width=100).print(_table(rows))
    return 0 if all(1000 / row.median_ms >= GOAL for row in rows) else 1


def measure(avatar: Avatar, name: str, sound: NDArray[np.int16]) -> Row:
    """Render chunks one after another on one core."""
    engine = VisemeEngine()
    engine.warm_up()
    cv2.setNumThreads(1)
    loudest = find_maximum(sound)
    first_ms, _ = _render(engine, avatar, _speech(sound, 0, loudest), 0)
    timed = [_render(engine, avatar, _speech(sound, chunk, loudest), chunk) for chunk in range(CHUNKS)]
    chunks_ms, features_ms = (tuple(part) for part in zip(*timed, strict=True))
    size = f"{avatar.width}×{avatar.height}"
    return Row(name, size, first_ms * CHUNK_FRAMES, statistics.median(features_ms), chunks_ms)


def _render(engine: VisemeEngine, avatar: Avatar, speech: Speech, chunk: int) -> tuple[float, float]:
    """Return how long a frame took, all in all and for its features, in milliseconds."""
    first = chunk * CHUNK_FRAMES
    frames = tuple(there_and_back(first + i, avatar.frames) for i in range(CHUNK_FRAMES))
    began = time.process_time()
    features = engine.features(speech)
    heard = time.process_time()
    for _ in engine.render(avatar, features, Order("bench", chunk, 1, first, frames, 1.0, 20, 0)):
        pass
    a_frame = 1000 / CHUNK_FRAMES
    return (time.process_time() - began) * a_frame, (heard - began) * a_frame


def _speech(sound: NDArray[np.int16], chunk: int, loudest: float) -> Speech:
    """Return a chunk of the sound with context on both sides; the sound begins again where it ends."""
    frames = CHUNK_FRAMES + 2 * CONTEXT_FRAMES
    starts = len(sound) // MODEL_SAMPLES_PER_FRAME - frames
    start = chunk * CHUNK_FRAMES % starts * MODEL_SAMPLES_PER_FRAME
    heard = sound[start : start + frames * MODEL_SAMPLES_PER_FRAME]
    return Speech(heard, CONTEXT_FRAMES, CHUNK_FRAMES, loudest, "", CONTEXT_FRAMES, len(heard))


def _prepared(clip: Path, folder: Path) -> Avatar:
    values = settings()
    limits = Limits(values.avatar_max_s, values.avatar_max_side_px)
    return open_avatar(folder, prepare(clip, folder, values.ffmpeg, limits, lambda *_: None))


def _read_sound(path: Path) -> NDArray[np.int16]:
    resampler = AudioResampler("s16", "mono", MODEL_RATE_HZ)
    with av.open(str(path)) as file:
        parts = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate([part.to_ndarray()[0] for part in parts])


def _table(rows: list[Row]) -> Table:
    title = f"viseme engine, one core, {CHUNKS} chunks of {CHUNK_FRAMES} frames; goal {GOAL} frames/s"
    table = Table(
        box=SIMPLE, title=title, caption="times in milliseconds; first: the first chunk, new avatar and all"
    )
    for heading in ("clip", "size", "a frame", "min", "max", "features", "first", "frames/s"):
        table.add_column(heading, justify="left" if heading == "clip" else "right", no_wrap=True)
    for row in rows:
        spread = (row.median_ms, min(row.chunks_ms), max(row.chunks_ms), row.features_ms)
        numbers = [
            *(f"{value:.2f}" for value in spread),
            f"{row.first_ms:.0f}",
            f"{1000 / row.median_ms:.0f}",
        ]
        table.add_row(row.clip, row.size, *numbers)
    return table


if __name__ == "__main__":
    sys.exit(main())
