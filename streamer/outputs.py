"""Where the stream goes: to RTMP servers, into HLS, into recordings; what a pusher is told of it. Pure."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from streamer.coding import KEYFRAME_S
from wire.addresses import shown

SEGMENT_S = KEYFRAME_S
"""HLS is cut at keyframes, so no segment is shorter."""
SEGMENTS_LISTED = 6
SEGMENTS_KEPT_LONGER = 3
"""Segments that left the list and are kept for players that are still loading them."""
RTMP_TIMEOUT_US = 4_000_000
"""A server that takes nothing for so long, or does not answer, is given up: it may be a black hole."""
RTMP_BUFFER_BYTES = 2**18
"""What the kernel may hold back for a server: a second of 2.5 Mbit/s, so that a black hole is soon seen."""

OPEN = b"open\n"
"""What a pusher says once its target takes the stream."""

Options = dict[str, str]

SEGMENTS = "%d.ts"
HLS: Options = {
    "hls_time": str(SEGMENT_S),
    "hls_list_size": str(SEGMENTS_LISTED),
    "hls_delete_threshold": str(SEGMENTS_KEPT_LONGER),
    # a list without its end goes on when the streamer is started anew
    "hls_flags": "delete_segments+append_list+omit_endlist+independent_segments+program_date_time+temp_file",
}


class Kind(StrEnum):
    RTMP = "rtmp"
    HLS = "hls"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Target:
    """One place; `address` is an RTMP address or a folder.

    `is_set`: by the settings, and so it cannot be removed. `bytes_max` is what a recording's closed files may
    take in all.
    """

    id: str
    kind: Kind
    address: str
    is_set: bool = True
    bytes_max: int = 0

    @property
    def shown(self) -> str:
        """The address as others may see it; folders are nobody's business."""
        return shown(self.address) if self.kind is Kind.RTMP else ""

    def order(self) -> bytes:
        """Return the line that tells a pusher what to do: only it may read it, for the address has a key."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, order: bytes) -> Self:
        """Return the target of a pusher's order."""
        fields = json.loads(order)
        return cls(**fields | {"kind": Kind(fields["kind"])})


def playlist(folder: Path) -> Path:
    """Return the file that a browser opens."""
    return folder / "index.m3u8"


def unlisted(text: str, segments: list[Path]) -> list[Path]:
    """Return those of `segments` that the playlist `text` does not name."""
    listed = set(text.splitlines())
    return [segment for segment in segments if segment.name not in listed]


def too_much(files: Sequence[tuple[Path, int]], bytes_max: int) -> list[Path]:
    """Return which of `files`, oldest first and each with its size, go so that the rest fits `bytes_max`."""
    kept = 0
    gone = []
    for path, size in reversed(files):
        kept += size
        if kept > bytes_max:
            gone.append(path)
    return gone


def rtmp(address: str) -> str:
    """Return the address as libav's tee muxer reads it, with what plain addresses cannot say."""
    options = {
        "f": "flv",
        "flvflags": "no_duration_filesize",
        "rw_timeout": str(RTMP_TIMEOUT_US),
        "send_buffer_size": str(RTMP_BUFFER_BYTES),
    }
    joined = ":".join(f"{name}={value}" for name, value in options.items())
    return f"[{joined}]" + re.sub(r"([\\'|\[\]])", r"\\\1", address)
