"""Where a pusher's packets go: an RTMP server, HLS, or recordings in closed files. Nothing is encoded."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from streamer.outputs import HLS, SEGMENTS, Kind, Options, Target, playlist, rtmp, too_much, unlisted
from wire.uploads import RESERVE_BYTES

AnyPacket: TypeAlias = "Packet[Any]"

RECORDED_S = 600
"""A recording's file is closed at the first keyframe after so long."""
PART = ".part"
"""Behind the name of a recording that is not closed yet."""


class Sink(Protocol):
    """Takes packets in order until it is closed."""

    def put(self, packet: AnyPacket) -> None: ...

    def close(self) -> None: ...


class Muxed:
    """One output of libav, open from the start."""

    def __init__(self, name: str, format: str, options: Options, streams: Sequence[Stream]) -> None:
        """`streams` are those that the packets come from.

        Raises:
            OSError: it cannot be opened.
        """
        self._output: OutputContainer = av.open(name, "w", format=format, options=options)
        self._theirs = {stream.index: self._output.add_stream_from_template(stream) for stream in streams}
        self._output.start_encoding()

    def put(self, packet: AnyPacket) -> None:
        packet.stream = self._theirs[packet.stream.index]
        self._output.mux_one(packet)

    def close(self) -> None:
        self._output.close()


class Recording:
    """Files of `RECORDED_S` each, named by the time they begin at; the oldest make room for the next.

    A file that is not closed, because its pusher was killed, ends with its last whole cluster and plays.
    """

    def __init__(self, folder: Path, bytes_max: int, streams: Sequence[Stream]) -> None:
        self._folder, self._bytes_max, self._streams = folder, bytes_max, streams
        self._file: Muxed | None = None
        self._path = folder
        self._began_ms = 0
        folder.mkdir(parents=True, exist_ok=True)
        for part in folder.glob(f"*{PART}"):  # of a pusher that was killed, or could not write
            if part.stat().st_size:
                part.rename(part.with_suffix(""))
            else:
                part.unlink()
        self._make_room()

    def put(self, packet: AnyPacket) -> None:
        if packet.is_keyframe and packet.stream.type == "video" and packet.dts is not None:
            self._turn(packet.dts)
        if self._file and packet.dts is not None and packet.dts >= self._began_ms:
            for name in ("dts", "pts"):  # each file begins at 0
                setattr(packet, name, getattr(packet, name) - self._began_ms)
            self._file.put(packet)

    def close(self) -> None:
        if self._file:
            self._file.close()
            self._path.rename(self._path.with_suffix(""))
        self._file = None

    def _turn(self, now_ms: int) -> None:
        if self._file and now_ms - self._began_ms < RECORDED_S * 1000:
            return
        self.close()
        self._make_room()
        self._path = self._folder / f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S.%f}.mkv{PART}"
        self._file, self._began_ms = Muxed(str(self._path), "matroska", {}, self._streams), now_ms

    def _make_room(self) -> None:
        """Delete the oldest files over the bound: before it is said to be open, and before each file.

        Raises:
            OSError: the disk is full all the same.
        """
        files = [(path, path.stat().st_size) for path in sorted(self._folder.glob("*.mkv"))]
        for path in too_much(files, self._bytes_max):
            path.unlink()
        if shutil.disk_usage(self._folder).free < RESERVE_BYTES:
            raise OSError(f"nothing is recorded: the disk has less than {RESERVE_BYTES >> 20} MB left")


@contextmanager
def opened(target: Target, streams: Sequence[Stream]) -> Iterator[Sink]:
    """Return where packets of `streams` go, open as far as can be told, until the context ends.

    Raises:
        OSError: it cannot be opened, or fails.
    """
    sink = _open(target, streams)
    try:
        yield sink
    finally:
        sink.close()


def _open(target: Target, streams: Sequence[Stream]) -> Sink:
    if target.kind is Kind.RTMP:
        return Muxed(rtmp(target.address), "tee", {}, streams)
    folder = Path(target.address)
    if target.kind is Kind.RECORDING:
        return Recording(folder, target.bytes_max, streams)
    folder.mkdir(parents=True, exist_ok=True)
    _delete_unlisted(folder)
    options = HLS | {"hls_segment_filename": str(folder / SEGMENTS)}
    return Muxed(str(playlist(folder)), "hls", options, streams)


def _delete_unlisted(folder: Path) -> None:
    """Delete HLS segments that are no longer listed: libav forgets those of the pusher before it."""
    file = playlist(folder)
    text = file.read_text(errors="replace") if file.exists() else ""
    for segment in unlisted(text, list(folder.glob("[0-9]*.ts"))):
        segment.unlink()
