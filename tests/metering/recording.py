"""What a viewer's player received: coded packets with the time each came, and decoding them afterwards."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from wire.media import AIR_RATE_HZ

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 12.0
"""A live stream that sends nothing for so long has ended; no fault that it gets over takes as long."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One coded picture or piece of sound; `arrival_s` is on the monotonic clock."""

    pts_s: float
    arrival_s: float
    data: bytes


@dataclass
class Track:
    """The packets of one stream, in the order in which they came; the reader appends."""

    codec: str
    extradata: bytes | None
    packets: list[Packet] = field(default_factory=list)

    def decode(self) -> Iterator[tuple[Any, float]]:
        """Yield each decoded frame with its timestamp in seconds."""
        context: Any = av.CodecContext.create(self.codec, "r")
        context.extradata, context.thread_count = self.extradata, 1
        for packet in [*self.packets, None]:
            for frame in context.decode(packet and _coded(packet)):
                yield frame, frame.pts / MICROSECONDS


MICROSECONDS = 1_000_000


def _coded(packet: Packet) -> "av.Packet[Any]":
    coded = av.Packet(packet.data)
    coded.pts = coded.dts = round(packet.pts_s * MICROSECONDS)
    return coded


@dataclass(frozen=True)
class Recording:
    """Picture and sound as received."""

    video: Track
    audio: Track

    def pictures(self) -> Iterator[tuple[VideoFrame, float]]:
        """Yield each picture with its timestamp in seconds."""
        yield from self.video.decode()

    def sounds(self) -> Iterator[tuple[NDArray[np.float32], float]]:
        """Yield pieces of sound, `(samples,)` mono 48 kHz in steps of int16, each with its timestamp."""
        for frame, pts_s in self.audio.decode():
            yield _mono(frame), pts_s


def joined(before: Recording, after: Recording) -> Recording:
    """Return what a viewer has got who began with one stream, and then reads another."""
    start_s = after.video.packets[0].pts_s

    def one(first: Track, second: Track) -> Track:
        kept = [packet for packet in first.packets if packet.pts_s < start_s]
        return replace(first, packets=kept + second.packets)

    return Recording(one(before.video, after.video), one(before.audio, after.audio))


def _mono(frame: AudioFrame) -> NDArray[np.float32]:
    if frame.sample_rate != AIR_RATE_HZ:
        raise ValueError(f"the stream's sound has {frame.sample_rate} Hz, not {AIR_RATE_HZ}")
    return np.asarray(frame.to_ndarray().mean(axis=0) * 32768, np.float32)


class Reader:
    """Reads a stream as a player does, from a thread of its own, until it ends or is closed.

    with Reader("rtmp://…") as reader:
        reader.wait_for(pictures=50)
    reader.recording.pictures()
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._came = threading.Condition()
        self._stop = threading.Event()
        self._recording: Recording | None = None
        self._error: Exception | None = None
        self._has_ended = False
        self._thread = threading.Thread(target=self._run, name=f"reader of {url}")

    def __enter__(self) -> Self:
        """Start reading; returns when the first picture is there.

        Raises:
            RuntimeError: there is none within the time-out.
        """
        self._thread.start()
        try:
            self._wait_until(1, OPEN_TIMEOUT_S)
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def recording(self) -> Recording:
        """What has been read so far; complete when the reader is closed."""
        if self._recording is None:
            raise RuntimeError(f"nothing was read from {self._url}: {self._error}")
        return self._recording

    def wait_for(self, pictures: int, timeout_s: float = 30.0) -> None:
        """Wait until `pictures` more have come than were there at the call.

        Raises:
            RuntimeError: the stream ended before, or `timeout_s` went by.
        """
        self._wait_until(self._count() + pictures, timeout_s)

    def _wait_until(self, wanted: int, timeout_s: float) -> None:
        with self._came:
            self._came.wait_for(lambda: self._count() >= wanted or self._has_ended, timeout_s)
            if self._count() < wanted:
                raise RuntimeError(f"{self._count()} of {wanted} pictures came; error: {self._error}")

    def finish(self) -> None:
        """Wait for the end of a stream that has one, such as a file."""
        self._thread.join()

    def _count(self) -> int:
        return len(self._recording.video.packets) if self._recording else 0

    def _run(self) -> None:
        try:
            with av.open(self._url, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S)) as container:
                self._read(container)
        except (av.error.FFmpegError, IndexError) as error:
            self._error = error
        with self._came:
            self._has_ended = True
            self._came.notify_all()

    def _read(self, container: Any) -> None:
        streams = (container.streams.video[0], container.streams.audio[0])
        tracks = {s.index: Track(s.codec_context.name, s.codec_context.extradata) for s in streams}
        self._recording = Recording(*tracks.values())
        for packet in container.demux(streams):
            if self._stop.is_set():
                return
            if packet.pts is not None:
                came = Packet(float(packet.pts * packet.time_base), time.monotonic(), bytes(packet))
                self._add(tracks[packet.stream.index], came)

    def _add(self, track: Track, packet: Packet) -> None:
        with self._came:
            track.packets.append(packet)
            self._came.notify_all()
