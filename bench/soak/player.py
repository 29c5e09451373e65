"""A player that counts all it receives, connects anew when it is cut off, and keeps the last minute."""

import logging
import math
import threading
import time
from collections import deque
from typing import Any, Self

import av

from bench.soak.counting import Count, Loss
from tests.metering.recording import Packet, Recording, Track
from wire.media import AIR_RATE_HZ, FPS

KEPT_S = 60.0
"""A job of the greatest length, and what may delay it."""
AAC_SAMPLES = 1024
OPEN_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 3.0
AGAIN_S = 0.2
"""Pause before it connects anew."""
LOSSES = 1000
"""More are not told one by one; the counts have them all."""

log = logging.getLogger(__name__)


class Player:
    """Receives a stream in a thread of its own, over restarts of whoever sends it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._video, self._audio = Count(1 / FPS), Count(AAC_SAMPLES / AIR_RATE_HZ)
        self._pictures: deque[tuple[Packet, bool]] = deque()
        self._sounds: deque[Packet] = deque()
        self._codecs: tuple[Track, Track] | None = None
        self._first_lag_s = math.inf
        self.losses: deque[Loss] = deque(maxlen=LOSSES)
        self.connections = 0
        self._thread = threading.Thread(target=self._run, name=f"player of {url}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def counts(self) -> tuple[Count, Count]:
        """Pictures and sound so far."""
        with self._lock:
            return self._video, self._audio

    @property
    def behind_s(self) -> float:
        """By how much more the last minute's pictures came behind their timestamps than the first one's did.

        Each minute counts by the picture that came soonest: a stream that is opened comes in a burst, and a
        busy machine may hold some back.
        """
        with self._lock:
            lags_s = [packet.arrival_s - packet.pts_s for packet, _ in self._pictures]
            return min(lags_s) - self._first_lag_s if lags_s else 0.0

    def since(self, arrival_s: float) -> Recording:
        """Return what came since then, as far as it is kept, from the keyframe before on.

        Raises:
            RuntimeError: nothing ever came.
        """
        with self._lock:
            if self._codecs is None:
                raise RuntimeError(f"nothing came from {self._url}")
            keys = [packet.arrival_s for packet, is_key in self._pictures if is_key]
            begin_s = max((key for key in keys if key <= arrival_s), default=arrival_s)
            pictures = [packet for packet, _ in self._pictures if packet.arrival_s >= begin_s]
            sounds = [packet for packet in self._sounds if packet.arrival_s >= begin_s]
            video, audio = self._codecs
        return Recording(
            Track(video.codec, video.extradata, pictures), Track(audio.codec, audio.extradata, sounds)
        )

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with av.open(self._url, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)) as container:
                    self._read(container)
            except (av.error.FFmpegError, IndexError) as error:
                log.debug("cut off: %s", error)
            self._stop.wait(AGAIN_S)

    def _read(self, container: Any) -> None:
        video, audio = container.streams.video[0], container.streams.audio[0]
        with self._lock:
            self.connections += 1
            self._codecs = _track(video), _track(audio)
        for packet in container.demux((video, audio)):
            if self._stop.is_set():
                return
            if packet.pts is not None:
                came = Packet(float(packet.pts * packet.time_base), time.monotonic(), bytes(packet))
                with self._lock:
                    self._take(came, packet.stream is video, packet.is_keyframe)

    def _take(self, packet: Packet, is_picture: bool, is_key: bool) -> None:
        if is_picture:
            self._see(packet, is_key)
        else:
            self._hear(packet)

    def _see(self, packet: Packet, is_key: bool) -> None:
        self._note("pictures", self._video, packet)
        self._video = self._video.plus(packet.pts_s)
        if self._video.span_s < KEPT_S:
            self._first_lag_s = min(self._first_lag_s, packet.arrival_s - packet.pts_s)
        self._pictures.append((packet, is_key))
        while packet.arrival_s - self._pictures[0][0].arrival_s > KEPT_S:
            self._pictures.popleft()

    def _hear(self, packet: Packet) -> None:
        self._note("sound", self._audio, packet)
        self._audio = self._audio.plus(packet.pts_s)
        self._sounds.append(packet)
        while packet.arrival_s - self._sounds[0].arrival_s > KEPT_S:
            self._sounds.popleft()

    def _note(self, what: str, count: Count, packet: Packet) -> None:
        if hole_s := count.hole_s(packet.pts_s):
            self.losses.append(Loss(packet.arrival_s, what, hole_s))


def _track(stream: Any) -> Track:
    return Track(stream.codec_context.name, stream.codec_context.extradata)
