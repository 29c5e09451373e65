"""The other side: ffmpeg fed the same through bare pipes."""

import fcntl
import os
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import Process, Value
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np

from bench.streamer.measuring import Cost, measured
from bench.streamer.scene import Picture, Scene, Sound
from settings import Settings
from streamer.child import PIPE_BYTES
from streamer.coding import Codec, Coding, arguments
from streamer.outputs import HLS, SEGMENTS, playlist
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME


class Bare:
    """A scene in memory; each measurement starts its processes anew."""

    def __init__(self, scene: Scene, folder: Path, rtmp_url: str) -> None:
        values = Settings()
        self._scene, self._program = scene, values.ffmpeg
        self._coding = Coding(Codec.X264, values.video_kbps, values.audio_kbps)
        self._rtmp_url, self._hls_folder = rtmp_url, folder / "bare"

    def cost(self, speaks: bool) -> Cost:
        """Measure the feeder and its ffmpeg.

        Raises:
            TooBusyError: not every frame was sent in real time.
        """
        silence = [np.zeros(SAMPLES_PER_FRAME, np.int16)] * len(self._scene.sounds)
        sounds = self._scene.sounds if speaks else silence
        sent = Value("i", 0)
        feeder = Process(target=self._feed, args=(self._scene.pictures(speaks), sounds, sent))
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
        self._hls_folder.mkdir(exist_ok=True)
        command = [self._program, *self._arguments(source)]
        ffmpeg = subprocess.Popen(
            command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[source]
        )
        assert ffmpeg.stdin
        video = ffmpeg.stdin.fileno()
        with suppress(OSError):  # as the streamer does: a user's pipes may be large up to a sum
            fcntl.fcntl(video, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        start, tick = time.monotonic(), 0
        while True:
            time.sleep(max(0.0, start + tick / FPS - time.monotonic()))
            os.write(sink, sounds[tick % len(sounds)].data)
            left = pictures[tick % len(pictures)].data.cast("B")
            while left:
                left = left[os.write(video, left) :]
            tick += 1
            sent.value = tick

    def _arguments(self, sound_pipe: int) -> list[str]:
        """Return the streamer's own arguments with two raw inputs for its one, and its outputs in one tee."""
        whole = arguments(self._coding, 0)
        start, end, outputs = whole.index("-f"), whole.index("pipe:0") + 1, whole.index("flv") - 1
        pictures = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "{}x{}".format(*self._scene.size)]
        sounds = ["-f", "s16le", "-ar", str(AIR_RATE_HZ), "-ac", "1"]
        inputs = [*pictures, "-r", str(FPS), "-i", "pipe:0", *sounds, "-i", f"pipe:{sound_pipe}"]
        coding = ["1:a" if part == "0:a" else part for part in whole[end:outputs]]
        return [*whole[:start], *inputs, *coding, "-f", "tee", "|".join(self._targets())]

    def _targets(self) -> list[str]:
        """Return HLS and RTMP for ffmpeg's tee muxer, each behind a queue of its own, as it offers them."""
        hls = HLS | {"hls_segment_filename": str(self._hls_folder / SEGMENTS)}
        options = ":".join(f"{name}={value}" for name, value in hls.items())
        fifo = "f=fifo:drop_pkts_on_overflow=1:attempt_recovery=1:onfail=ignore"
        targets = [f"[{fifo}:fifo_format=hls:format_opts={_escaped(options)}]{playlist(self._hls_folder)}"]
        return [*targets, f"[{fifo}:fifo_format=flv]{self._rtmp_url}"] if self._rtmp_url else targets


def _escaped(options: str) -> str:
    return options.replace(":", "\\:")
