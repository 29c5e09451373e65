"""What the streamer's tests share: a small avatar, jobs and batches as the workers would write them."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from avatars.store import LANDMARKS_A_FACE, Avatar
from demo import rtmp
from tests.conftest import free_port
from wire import chunks, jobs, supply
from wire.batches import Batch, Patch
from wire.jobs import Job, State
from wire.media import BATCH_FRAMES, SAMPLES_PER_FRAME

WIDTH, HEIGHT, FRAMES = 64, 36, 10
PATCH_X, PATCH_Y, PATCH_WIDTH, PATCH_HEIGHT = 20, 10, 16, 12
PATIENCE_S = 60.0
"""Longer than a busy machine takes for anything here."""
LUMA_FRAMES, LUMA_PATCHES = 60, 200
"""Frame `n` of the clip has a luma of 60 + n; every patch has 200."""


def make_avatar(width: int = WIDTH, height: int = HEIGHT, frames: int = FRAMES) -> Avatar:
    """Return an avatar whose frame `n` is even, of luma 60 + n."""
    pictures = np.full((frames, height * 3 // 2, width), 128, np.uint8)
    pictures[:, :height] = LUMA_FRAMES + np.arange(frames, dtype=np.uint8)[:, None, None]
    return Avatar(
        hash="avatar",
        width=width,
        height=height,
        frames=frames,
        pictures=pictures,
        landmarks=np.zeros((frames, LANDMARKS_A_FACE, 2), np.float32),
        matrices=np.zeros((frames, 2, 3), np.float32),
        boxes=np.zeros((frames, 4), np.int32),
        masks=np.zeros((frames, 2, 2), np.uint8),
    )


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give children all the time that a busy machine may take; tests of what they may not take give less."""
    for bound in ("child.STALL_S", "child.CLOSE_S", "encoder.FIRST_YIELD_S", "encoder.YIELD_S"):
        monkeypatch.setattr(f"streamer.{bound}", PATIENCE_S)
    monkeypatch.setattr("streamer.pushing.STALL_S", PATIENCE_S)


@pytest.fixture
def avatar() -> Avatar:
    return make_avatar()


def make_patch(luma: int = LUMA_PATCHES) -> Patch:
    picture = np.full((PATCH_HEIGHT * 3 // 2, PATCH_WIDTH), 128, np.uint8)
    picture[:PATCH_HEIGHT] = luma
    return Patch(PATCH_X, PATCH_Y, picture)


def make_job(job_id: str = "j", frames: int = 40, position: int = 0, aired: int = 0) -> Job:
    """Return a job as it is when its first chunk was handed out."""
    return Job(
        job_id, "main", State.RENDERING, 0, frames=frames, frames_aired=aired, position=position,
        avatar="avatar", avatar_frames=FRAMES,
    )  # fmt: skip


def make_sound(first: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Return sound by which each frame is known: all samples of frame `n` are 1000 + n."""
    return np.repeat(1000 + np.arange(first, first + count), SAMPLES_PER_FRAME).astype(np.int16)


def make_batches(job: Job, chunk: int, avatar: str = "avatar", patch: Patch | None = None) -> Iterable[Batch]:
    """Return the chunk's batches, as a render worker makes them."""
    span = chunks.span(chunk, job.frames)
    for number, first in enumerate(range(span.start, span.stop, BATCH_FRAMES)):
        count = min(BATCH_FRAMES, span.stop - first)
        yield Batch(
            job=job.id,
            epoch=0,
            chunk=chunk,
            batch=number,
            attempt=1,
            last=first + count == span.stop,
            avatar=avatar,
            first_frame=first,
            position=job.position + first,
            patches=(patch or make_patch(),) * count,
            sound=make_sound(first, count),
        )


def post(broker: Redis, frames: Redis, job: Job) -> None:
    """Record the job, and let its chunks be written."""
    assert jobs.admit(broker, job, 99)
    supply.raise_fence(frames, job.id, 0, 0)


def render(frames: Redis, job: Job, *which: int) -> None:
    """Write the job's chunks, all if none is named."""
    for chunk in which or range(chunks.count(job.frames)):
        for batch in make_batches(job, chunk):
            supply.append(frames, batch)


def sounds_of(numbers: Iterable[int]) -> list[int]:
    """Return the samples by which frames are known."""
    return [1000 + number for number in numbers]


@pytest.fixture(scope="session")
def rtmp_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an RTMP server."""
    server = rtmp.find()
    if server is None:
        pytest.skip("there is no nginx with the rtmp module")
    port, folder = free_port(), tmp_path_factory.mktemp("rtmp")
    with running_rtmp(server, port, folder):
        yield port


@contextmanager
def running_rtmp(server: rtmp.Rtmp, port: int, folder: Path) -> Iterator[None]:
    """An nginx that is there while the context is."""
    file = folder / "nginx.conf"
    file.write_text(rtmp.config(server, port, folder))
    process = subprocess.Popen([server.nginx, "-c", file], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: is_open(port))
        yield
    finally:
        process.kill()
        process.wait()


def is_open(port: int) -> bool:
    """Return whether somebody listens on the TCP port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def has_ended(pid: int) -> bool:
    """Return whether the process is gone; whoever inherits it may not have looked yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def wait_until(what: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


_others: set[int] = set()
"""ffmpeg processes that other tests' fixtures keep running."""


@pytest.fixture(autouse=True)
def note_others() -> None:
    """Leave out of `ffmpegs` what runs already when a test starts."""
    _others.clear()
    _others.update(ffmpegs())


def ffmpegs(parent: int | str = "self") -> list[int]:
    """Return the ids of the ffmpeg processes that `parent` started in this test and still has."""
    found = []
    for pid in children(parent):
        with suppress(OSError):  # it ends while it is looked at
            found += [pid] if "ffmpeg" in Path(f"/proc/{pid}/comm").read_text() else []
    return [pid for pid in found if pid not in _others]


def children(parent: int | str) -> list[int]:
    """Return the ids of all processes that `parent` started and still has."""
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):  # a thread that ends while it is looked at
            found += [int(pid) for pid in task.read_text().split()]
    return found
