"""A real encoder on small pictures whose flashes and beeps tell their time, and what a reader gets."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Event, Thread

import av
import numpy as np
from numpy.typing import NDArray

from settings import Settings
from streamer.buffer import Spoken
from streamer.coding import Codec, Coding, arguments
from streamer.counters import Counters
from streamer.encoder import Encoder
from streamer.flv import Kind, Tag
from streamer.hub import Hub
from streamer.progress import Progress
from tests.streamer.conftest import PATIENCE_S, ffmpegs, make_job, wait_until
from wire.batches import Patch
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

WIDTH, HEIGHT = 160, 96
DARK, BRIGHT = 40, 200
TICK_BYTES = HEIGHT * 3 // 2 * WIDTH + 2 * SAMPLES_PER_FRAME
BEEP = (np.sin(np.arange(SAMPLES_PER_FRAME) * 2 * np.pi / 48) * 8000).astype(np.int16)
SILENCE = np.zeros(SAMPLES_PER_FRAME, np.int16)
JITTER_SAMPLES = AIR_RATE_HZ // 500
"""FLV's timestamps are whole milliseconds: sound within this of its place continues the last."""
CODING = Coding(Codec.X264, 300, 128)


def picture(luma: int) -> NDArray[np.uint8]:
    plain = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    plain[:HEIGHT] = luma
    return plain


def flash(tick: int) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Return the tick's picture and sound: each second, one bright frame with a beep of its length."""
    return (picture(BRIGHT), BEEP) if tick % FPS == 10 else (picture(DARK), SILENCE)


class Ledger(Progress):
    """Remembers which frames were noted as sent and which as lost."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[int] = []
        self.lost: list[int] = []

    def note(self, spoken: Spoken) -> None:
        self.sent.append(spoken.number)
        super().note(spoken)

    def lose(self, spoken: Spoken) -> int:
        self.lost.append(spoken.number)
        return super().lose(spoken)


def command(first_tick: int) -> list[str]:
    return [Settings().ffmpeg, *arguments(CODING, first_tick)]


@dataclass
class Bench:
    """An encoder for small pictures, each of one job; what it yields goes to `hub`, and into `tags`."""

    command: Callable[[int], list[str]] = command
    tick: int = 0
    counters: Counters = field(default_factory=Counters)
    ledger: Ledger = field(default_factory=Ledger)
    hub: Hub = field(default_factory=Hub)
    tags: list[Tag] = field(default_factory=list)
    speaks: bool = True

    def __post_init__(self) -> None:
        self.encoder = Encoder(self.command, WIDTH, HEIGHT, self.hub, self.ledger, self.counters)
        self.hub.add(self.tags.append)
        self._job = make_job(frames=10**6)

    def write(self, ticks: int, every_s: float = 1 / FPS) -> None:
        for _ in range(ticks):
            picture, sound = flash(self.tick)
            spoken = Spoken(self._job, self.tick, self.tick, Patch.empty(), sound)
            self.encoder.write(self.tick, [picture.reshape(-1)], sound, spoken if self.speaks else None)
            self.tick += 1
            time.sleep(every_s)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write in real time from another thread."""
        stop = Event()

        def run() -> None:
            while not stop.is_set():
                self.write(1)

        thread = Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def pictures(self) -> list[Tag]:
        """Return the pictures that were yielded so far."""
        return [tag for tag in self.tags if tag.kind in (Kind.KEYFRAME, Kind.PICTURE)]

    def stream(self) -> io.BytesIO:
        """Return what was yielded so far, as one file."""
        return io.BytesIO(self.hub.preface + b"".join(tag.data for tag in self.tags))


@dataclass(frozen=True)
class Received:
    """What a reader got: luma and time of each picture, and the sound from `sound_s` on."""

    lumas: list[float]
    times_s: list[float]
    sound: NDArray[np.float32]
    sound_s: float

    def flashes_s(self) -> list[float]:
        return [t for t, luma in zip(self.times_s, self.lumas, strict=True) if luma > (DARK + BRIGHT) / 2]

    def beeps_s(self) -> list[float]:
        """Return where beeps begin; the encoder smears them by a millisecond or two."""
        loud = np.abs(self.sound) > 0.05
        starts = np.nonzero(loud & ~np.concatenate([[True], loud[:-1]]))[0]
        apart = [s for i, s in enumerate(starts) if i == 0 or s - starts[i - 1] > AIR_RATE_HZ // 2]
        return [self.sound_s + float(start) / AIR_RATE_HZ for start in apart]


def received(source: str | Path | io.BytesIO, pictures: int) -> Received:
    """Read so many pictures, and the sound that comes with them."""
    lumas, times, sounds = [], [], list[tuple[float, NDArray[np.float32]]]()
    file = source if isinstance(source, io.BytesIO) else str(source)
    with av.open(file, "r", timeout=PATIENCE_S) as container:
        for frame in container.decode(video=0, audio=0):
            assert isinstance(frame, (av.AudioFrame, av.VideoFrame))
            at_s = float((frame.pts or 0) * (frame.time_base or 0))
            if isinstance(frame, av.AudioFrame):
                sounds.append((at_s, frame.to_ndarray().mean(0)))
            else:
                lumas.append(float(frame.to_ndarray()[:HEIGHT].mean()))
                times.append(at_s)
                if len(lumas) == pictures:
                    break
    return Received(lumas, times, joined(sounds), sounds[0][0])


def joined(sounds: Sequence[tuple[float, NDArray[np.float32]]]) -> NDArray[np.float32]:
    """Return pieces of sound, each with its time, in one; silence where none is."""
    start_s, whole = sounds[0][0], np.zeros(0, np.float32)
    for at_s, piece in sounds:
        missing = round((at_s - start_s) * AIR_RATE_HZ) - len(whole)
        hole = np.zeros(missing if missing > JITTER_SAMPLES else 0, np.float32)
        whole = np.concatenate([whole, hole, piece])
    return whole


def ffmpeg() -> int:
    """Return the process id of the one ffmpeg that runs."""
    seen: list[int] = []

    def look() -> bool:
        seen[:] = ffmpegs()
        return len(seen) == 1

    wait_until(look)
    return seen[0]


@lru_cache(maxsize=1)
def encoded(seconds: int = 24) -> tuple[bytes, list[Tag]]:
    """Return an encoded stream, made as fast as can be: what goes before its tags, and those."""
    bench = Bench()
    with bench.encoder:
        for _ in range(seconds):
            bench.write(FPS, every_s=0)
            wait_until(lambda: len(bench.pictures()) > bench.tick - FPS)
    return bench.hub.preface, bench.tags
