"""The encoder's stream, FLV, taken apart into its tags. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

SIGNATURE = b"FLV\x01"
HEADER = SIGNATURE + b"\x05" + (9).to_bytes(4, "big") + bytes(4)
"""What comes before the first tag: sound and pictures follow."""
_HEAD, _TAIL = 11, 4
_AUDIO, _VIDEO, _SCRIPT = 8, 9, 18
_AVC, _AAC = 7, 10


class FlvError(ValueError):
    """What came is no FLV stream of H.264 and AAC; the text says what was seen."""


class Kind(Enum):
    """What a tag is to whoever passes it on."""

    METADATA = auto()
    VIDEO_HEADER = auto()
    AUDIO_HEADER = auto()
    KEYFRAME = auto()
    PICTURE = auto()
    SOUND = auto()


HEADERS = Kind.METADATA, Kind.VIDEO_HEADER, Kind.AUDIO_HEADER
"""What a reader must have, in this order, before it understands the rest."""
PICTURES = Kind.KEYFRAME, Kind.PICTURE


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag; `data` is all of it, as it stands in the stream."""

    kind: Kind
    time_ms: int
    data: bytes


class Splitter:
    """Takes one stream, in pieces of any size, from its first byte on."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._is_begun = False

    def feed(self, data: bytes) -> list[Tag]:
        """Return the tags that are whole with `data`.

        Raises:
            FlvError: what came is something else.
        """
        self._buffer += data
        if not self._is_begun and not self._begin():
            return []
        tags = []
        while (size := self._size()) and len(self._buffer) >= size:
            tags.append(_tag(bytes(self._buffer[:size])))
            del self._buffer[:size]
        return tags

    def _begin(self) -> bool:
        seen = bytes(self._buffer[: len(SIGNATURE)])
        if not SIGNATURE.startswith(seen):
            raise FlvError(f"a stream begins with {seen!r}, not with {SIGNATURE!r}")
        self._is_begun = len(self._buffer) >= len(HEADER)
        if self._is_begun:
            del self._buffer[: len(HEADER)]
        return self._is_begun

    def _size(self) -> int:
        """Return the size of the tag that begins the buffer; 0 while that is not known."""
        if len(self._buffer) < _HEAD:
            return 0
        return _HEAD + int.from_bytes(self._buffer[1:4], "big") + _TAIL


def _tag(data: bytes) -> Tag:
    time_ms = data[7] << 24 | int.from_bytes(data[4:7], "big")
    return Tag(_kind(data[0], data[_HEAD:-_TAIL]), time_ms, data)


def _kind(type: int, body: bytes) -> Kind:
    if type == _SCRIPT:
        return Kind.METADATA
    if type == _VIDEO and len(body) > 1 and body[0] & 15 == _AVC:
        if body[1] == 0:
            return Kind.VIDEO_HEADER
        return Kind.KEYFRAME if body[0] >> 4 == 1 else Kind.PICTURE
    if type == _AUDIO and len(body) > 1 and body[0] >> 4 == _AAC:
        return Kind.SOUND if body[1] else Kind.AUDIO_HEADER
    raise FlvError(f"a tag of type {type} begins with {body[:2].hex()!r}: neither H.264 nor AAC")
