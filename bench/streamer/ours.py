"""One side: the streamer, its ffmpeg and its pushers."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bench.streamer.measuring import MEASURED_S, WARM_S, Cost, TooBusyError, measured
from bench.streamer.scene import Scene, lay_ready
from wire import channels, chunks, connection, jobs, supply
from wire.batches import Batch
from wire.jobs import Job, State
from wire.media import BATCH_FRAMES, FPS


class Ours:
    """A scene as an avatar and a job's batches; each measurement starts its processes anew."""

    def __init__(self, scene: Scene, folder: Path, redis_url: str, rtmp_url: str) -> None:
        self._scene, self._log = scene, folder / "log"
        clip = folder / "clip.mp4"
        self._avatar = lay_ready(scene, clip, folder / "avatars")
        self._broker = connection.broker(f"{redis_url}/0", 5.0)
        self._frames = connection.frames(f"{redis_url}/1", 5.0)
        self._environment = os.environ | {
            "LIVE_BROKER_URL": f"{redis_url}/0",
            "LIVE_FRAMES_URL": f"{redis_url}/1",
            "LIVE_AVATAR": str(clip),
            "LIVE_AVATARS_FOLDER": str(folder / "avatars"),
            "LIVE_HLS_FOLDER": str(folder / "hls"),
            "LIVE_RTMP_URL": rtmp_url,
        }

    def cost(self, speaks: bool) -> Cost:
        """Measure the streamer and all that it started.

        Raises:
            TooBusyError: not every frame was sent in real time.
        """
        self._broker.flushall()
        command = [sys.executable, "-m", "streamer"]
        with self._log.open("wb") as file:
            process = subprocess.Popen(command, env=self._environment, stderr=file)
        try:
            _wait(lambda: channels.load(self._broker, "main") is not None)
            if speaks:
                self._speak()
            cost = measured(process.pid, self._position)
        finally:
            process.terminate()
            process.wait()
        if re.search("frames_dropped|ticks_skipped|underruns", self._log.read_text()):
            raise TooBusyError
        return cost

    def _position(self) -> int:
        channel = channels.load(self._broker, "main")
        assert channel is not None
        return channel.position

    def _speak(self) -> None:
        count = round((MEASURED_S + WARM_S + 2) * FPS)
        start = self._position() + FPS
        job = Job("bench", "main", State.RENDERING, 0, frames=count, position=start, avatar=self._avatar.hash)
        supply.raise_fence(self._frames, job.id, 0, 0)
        for chunk in range(chunks.count(count)):
            for batch in self._batches(job, chunk):
                supply.append(self._frames, batch)
        jobs.admit(self._broker, job, 1)
        _wait(lambda: self._broker.hget("job:bench", "state") == State.ON_AIR)

    def _batches(self, job: Job, chunk: int) -> Iterator[Batch]:
        span, turn = chunks.span(chunk, job.frames), len(self._scene.patches)
        for number, first in enumerate(range(span.start, span.stop, BATCH_FRAMES)):
            places = [(job.position + n) % turn for n in range(first, min(first + BATCH_FRAMES, span.stop))]
            yield Batch(
                *(job.id, 0, chunk, number, 1, first + BATCH_FRAMES >= span.stop, self._avatar.hash),
                *(first, job.position + first, tuple(self._scene.patches[place] for place in places)),
                np.concatenate([self._scene.sounds[place] for place in places]),
            )


def _wait(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not what():
        if time.monotonic() > end:
            raise RuntimeError("the streamer did not do what it should")
        time.sleep(0.02)
