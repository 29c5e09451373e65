"""What a second of stream costs, beside a bare ffmpeg: `python -m bench.streamer`.

In alternating rounds, on idle and while patches play: the streamer with its ffmpeg, and a bare ffmpeg
that is fed the same pictures and sound from memory, raw, at the same pace, with the same outputs. What is
compared is CPU time of all processes of each side; the servers behind them are not counted.
"""

import argparse
import fcntl
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import Process, Value
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from redis import Redis

from avatars import store
from avatars.draft import Draft
from avatars.loop import period, there_and_back
from avatars.store import LANDMARKS_A_FACE, Avatar, Manifest, avatar_hash, open_avatar
from demo import rtmp
from demo.redis import broker_command, server_path
from settings import Settings
from streamer.canvas import Canvas
from streamer.label import Label
from streamer.mixing import FULL, lay
from streamer.outputs import Target, arguments
from tests.system import free_ports
from wire import channels, chunks, connection, jobs, supply
from wire.batches import Batch, Patch
from wire.jobs import Job, State
from wire.media import AIR_RATE_HZ, BATCH_FRAMES, FPS, SAMPLES_PER_FRAME

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
ROUNDS = 3
MEASURED_S = 6.0
WARM_S = 1.5
SLACK_S = 0.4
TRIES = 5
CLIP_FRAMES = 25
GOAL = 1.15

Picture = NDArray[np.uint8]
Sound = NDArray[np.int16]


class TooBusyError(Exception):
    """The machine had no time for the stream: one side sent late, the other dropped frames."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds for a second of stream: of the process that feeds, and of its ffmpeg."""

    feeder: float
    ffmpeg: float

    @property
    def whole(self) -> float:
        return self.feeder + self.ffmpeg


@dataclass(frozen=True, slots=True)
class Scene:
    """What is on air: the clip, a patch for each position of its period, and the sound of each."""

    clip: list[Picture]
    patches: list[Patch]
    sounds: list[Sound]

    def pictures(self, speaks: bool) -> list[Picture]:
        """Return what the streamer sends in one period."""
        rows, width = self.clip[0].shape
        values = Settings()
        label = Label(values.label_text, values.label_corner, None, width, rows * 2 // 3)
        sent = []
        for position, patch in enumerate(self.patches):
            canvas = Canvas(self.clip[there_and_back(position, len(self.clip))])
            lay(canvas, patch, FULL if speaks else 0)
            label.lay(canvas)
            sent.append(canvas.whole())
        return sent


def make_scene(width: int, height: int) -> Scene:
    """Return a soft picture with grain that sways, and a quarter of its height that changes each frame."""
    random = np.random.default_rng(1)
    wide = cv2.GaussianBlur(random.normal(0, 900, (height, width + 64)).astype(np.float32), (0, 0), 24)
    grain = random.normal(0, 1, (height, width)).astype(np.float32)
    clip = []
    for frame in range(CLIP_FRAMES):
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = np.clip(126 + wide[:, frame : frame + width] + grain, 16, 235)
        clip.append(picture)
    side = height // 4 & ~1
    patches = [_patch(random, clip, position, side) for position in range(period(CLIP_FRAMES))]
    noise = random.normal(0, 3000, (len(patches), SAMPLES_PER_FRAME))
    return Scene(clip, patches, [cv2.blur(row[None], (9, 1))[0].astype(np.int16) for row in noise])


def _patch(random: np.random.Generator, clip: Sequence[Picture], position: int, side: int) -> Patch:
    height, width = clip[0].shape[0] * 2 // 3, clip[0].shape[1]
    x, y = (width - side) // 2 & ~1, height // 2 & ~1
    body = clip[there_and_back(position, len(clip))]
    change = cv2.GaussianBlur(random.normal(0, 300, (side, side)).astype(np.float32), (0, 0), 8)
    picture = np.full((side * 3 // 2, side), 128, np.uint8)
    picture[:side] = np.clip(body[y : y + side, x : x + side] + change, 16, 235)
    return Patch(x, y, picture)


def lay_ready(scene: Scene, clip: Path, folder: Path) -> Avatar:
    """Write the scene's clip as a prepared avatar."""
    clip.write_text(f"drawn by bench/streamer.py, {scene.clip[0].shape}")
    frames, (rows, width) = len(scene.clip), scene.clip[0].shape
    name = avatar_hash(clip, Settings().avatar_max_side_px)
    with Draft(folder, name) as draft:
        (draft.path / store.PICTURES).write_bytes(b"".join(picture.tobytes() for picture in scene.clip))
        np.save(draft.path / store.LANDMARKS, np.zeros((frames, LANDMARKS_A_FACE, 2), np.float32))
        np.save(draft.path / store.MATRICES, np.zeros((frames, 2, 3), np.float32))
        np.save(draft.path / store.BOXES, np.zeros((frames, 4), np.int32))
        np.save(draft.path / store.MASKS, np.zeros((frames, 2, 2), np.uint8))
        draft.publish(Manifest(clip.name, store.PREPARATION, width, rows * 2 // 3, frames, 2, 2))
    return open_avatar(folder, name)


class Bench:
    """One size: servers, avatar and scene; each measurement starts its processes anew."""

    def __init__(self, folder: Path, size: tuple[int, int], broker_url: str, rtmp_url: str) -> None:
        self.folder, self.size, self.rtmp_url = folder, size, rtmp_url
        self.scene = make_scene(*size)
        clip = folder / "clip.mp4"
        self.avatar = lay_ready(self.scene, clip, folder / "avatars")
        self.broker = connection.broker(f"{broker_url}/0", 5.0)
        self.frames = connection.frames(f"{broker_url}/1", 5.0)
        self.environment = os.environ | {
            "LIVE_BROKER_URL": f"{broker_url}/0",
            "LIVE_FRAMES_URL": f"{broker_url}/1",
            "LIVE_AVATAR": str(clip),
            "LIVE_AVATARS_FOLDER": str(folder / "avatars"),
            "LIVE_HLS_FOLDER": str(folder / "hls"),
            "LIVE_RTMP_URL": rtmp_url,
        }

    def streamer(self, speaks: bool) -> Cost:
        """Measure the streamer and its ffmpeg."""
        Redis.from_url(self.environment["LIVE_BROKER_URL"]).flushall()
        command = [sys.executable, "-m", "streamer"]
        log = self.folder / "log"
        with log.open("wb") as file:
            process = subprocess.Popen(command, env=self.environment, stderr=file)
        try:
            _wait(lambda: channels.load(self.broker, "main") is not None)
            if speaks:
                self._speak()
            cost = measured(process.pid, self._position)
        finally:
            process.terminate()
            process.wait()
        if re.search("frames_dropped|ticks_skipped|underruns", log.read_text()):
            raise TooBusyError
        return cost

    def _position(self) -> int:
        channel = channels.load(self.broker, "main")
        assert channel is not None
        return channel.position

    def _speak(self) -> None:
        count = round((MEASURED_S + WARM_S + 2) * FPS)
        start = self._position() + FPS
        job = Job("bench", "main", State.RENDERING, 0, frames=count, position=start, avatar=self.avatar.hash)
        supply.raise_fence(self.frames, job.id, 0, 0)
        for chunk in range(chunks.count(count)):
            for batch in self._batches(job, chunk):
                supply.append(self.frames, batch)
        jobs.admit(self.broker, job, 1)
        _wait(lambda: self.broker.hget("job:bench", "state") == State.ON_AIR)

    def _batches(self, job: Job, chunk: int) -> Iterator[Batch]:
        span, turn = chunks.span(chunk, job.frames), len(self.scene.patches)
        for number, first in enumerate(range(span.start, span.stop, BATCH_FRAMES)):
            places = [(job.position + n) % turn for n in range(first, min(first + BATCH_FRAMES, span.stop))]
            yield Batch(
                *(job.id, 0, chunk, number, 1, first + BATCH_FRAMES >= span.stop, self.avatar.hash),
                *(first, job.position + first, tuple(self.scene.patches[place] for place in places)),
                np.concatenate([self.scene.sounds[place] for place in places]),
            )

    def bare(self, speaks: bool) -> Cost:
        """Measure ffmpeg fed the same through bare pipes."""
        silence = [np.zeros(SAMPLES_PER_FRAME, np.int16)] * len(self.scene.sounds)
        sounds = self.scene.sounds if speaks else silence
        sent = Value("i", 0)
        feeder = Process(target=self._feed, args=(self.scene.pictures(speaks), sounds, sent))
        feeder.start()
        try:
            assert feeder.pid
            return measured(feeder.pid, lambda: sent.value)
        finally:
            feeder.terminate()
            feeder.join()
            time.sleep(0.5)  # its ffmpeg ends by itself when its input does

    def _feed(self, pictures: Sequence[Picture], sounds: Sequence[Sound], sent: "Synchronized[int]") -> None:
        source, sink = os.pipe()
        values = Settings()
        target = Target(self.rtmp_url, self.folder / "hls", values.video_kbps, values.audio_kbps)
        target.hls_folder.mkdir(exist_ok=True)
        command = [values.ffmpeg, *bare_arguments(target, self.size, source)]
        ffmpeg = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[source]
        )
        assert ffmpeg.stdin
        video = ffmpeg.stdin.fileno()
        fcntl.fcntl(video, fcntl.F_SETPIPE_SZ, 2**20)
        start, tick = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, start + tick / FPS - time.monotonic()))
            os.write(sink, sounds[tick % len(sounds)].data)
            left = pictures[tick % len(pictures)].data.cast("B")
            while left:
                left = left[os.write(video, left) :]
            tick += 1
            sent.value = tick


def bare_arguments(target: Target, size: tuple[int, int], sound_pipe: int) -> list[str]:
    """Return the streamer's own arguments with two raw inputs for its one."""
    whole = arguments(target, 0)
    start, end = whole.index("-f"), whole.index("pipe:0") + 1
    pictures = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "{}x{}".format(*size), "-r", str(FPS)]
    sounds = ["-f", "s16le", "-ar", str(AIR_RATE_HZ), "-ac", "1"]
    inputs = [*pictures, "-i", "pipe:0", *sounds, "-i", f"pipe:{sound_pipe}"]
    outputs = ["1:a" if part == "0:a" else part for part in whole[end:]]
    return [*whole[:start], *inputs, *outputs]


def measured(pid: int, ticks: Callable[[], int]) -> Cost:
    """Return what the process and its child cost over `MEASURED_S`, once they have run for a while.

    `ticks` returns how many were sent so far.

    Raises:
        TooBusyError: they were not sent in real time.
    """
    time.sleep(WARM_S)
    (child,) = _children(pid)
    sent, before = ticks(), (_cpu_s(pid), _cpu_s(child))
    time.sleep(MEASURED_S)
    after, stream_s = (_cpu_s(pid), _cpu_s(child)), (ticks() - sent) / FPS
    if abs(stream_s - MEASURED_S) > SLACK_S:
        raise TooBusyError
    feeder, ffmpeg = ((late - early) / stream_s for late, early in zip(after, before, strict=True))
    return Cost(feeder, ffmpeg)


def _children(pid: int) -> list[int]:
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for children in lists for child in children.read_text().split()]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("the streamer did not do what it should")
        time.sleep(0.02)


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, str]]:
    """Run Redis and, where it can be had, an RTMP server; yield their addresses."""
    redis_port, rtmp_port = free_ports(2)
    commands = [broker_command(server_path(), redis_port, folder)]
    server = rtmp.find()
    if server:
        file = folder / "nginx.conf"
        file.write_text(rtmp.config(server, rtmp_port, folder))
        commands.append([str(server.nginx), "-c", str(file)])
    with ExitStack() as stack:
        for command in commands:
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        time.sleep(0.5)
        yield f"redis://127.0.0.1:{redis_port}", f"rtmp://127.0.0.1:{rtmp_port}/live/b" if server else ""


def compared(bench: Bench, rounds: int) -> Iterator[str]:
    """Yield the table's lines of one size."""
    for speaks in (False, True):
        pairs = [_pair(bench, speaks) for _ in range(rounds)]
        ratios = [ours.whole / bare.whole for bare, ours in pairs]
        bare, ours = (_median([pair[side] for pair in pairs]) for side in (0, 1))
        yield (
            f"{'speech' if speaks else 'idle':8}"
            f"{bare.feeder:8.3f} + {bare.ffmpeg:5.3f} = {bare.whole:5.3f}"
            f"{ours.feeder:8.3f} + {ours.ffmpeg:5.3f} = {ours.whole:5.3f}"
            f"{statistics.median(ratios):8.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


def _pair(bench: Bench, speaks: bool) -> tuple[Cost, Cost]:
    for _ in range(TRIES):
        try:
            return bench.bare(speaks), bench.streamer(speaks)
        except TooBusyError:
            sys.stdout.write("a round is thrown away: the machine was too busy for real time\n")
    sys.exit("This machine is too busy, or too slow, to compare.")


def _median(costs: Sequence[Cost]) -> Cost:
    feeder, ffmpeg = (statistics.median(getattr(c, part) for c in costs) for part in ("feeder", "ffmpeg"))
    return Cost(feeder, ffmpeg)


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.streamer", description="CPU for a second of stream."
    )
    parser.add_argument("rounds", type=int, nargs="?", default=ROUNDS, help=f"{ROUNDS} by default")
    rounds = parser.parse_args().rounds
    sys.stdout.write("CPU seconds for a second of stream; medians, and the ratio's spread\n")
    sys.stdout.write(f"{'':8}{'bare: feeder + ffmpeg':>24}{'streamer + ffmpeg':>24}{'ratio':>8}\n")
    for name, size in SIZES.items():
        sys.stdout.write(f"{name}\n")
        with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as (redis_url, rtmp_url):
            for line in compared(Bench(Path(folder), size, redis_url, rtmp_url), rounds):
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    sys.stdout.write(f"Goal: a ratio of {GOAL} or less.\n")


if __name__ == "__main__":
    main()
