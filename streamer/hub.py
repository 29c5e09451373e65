"""Hands the encoder's stream to every target, and keeps what one that joins must have first."""

from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from streamer.flv import HEADER, HEADERS, Kind, Tag

Take = Callable[[Tag], None]


class Hub:
    """One encoder in, any number of targets out; safe for threads. No target may keep `put` waiting."""

    def __init__(self) -> None:
        self._headers: dict[Kind, Tag] = {}
        self._preface = b""
        self._takers: list[Take] = []
        self._lock = Lock()

    @property
    def preface(self) -> bytes:
        """What goes before a stream's first keyframe; another object once targets have to begin anew."""
        return self._preface

    def put(self, tag: Tag) -> None:
        """Hand over the next tag; headers are kept, and reach targets with the next preface."""
        if tag.kind in HEADERS:
            self._keep(tag)
            return
        with self._lock:
            for take in self._takers:
                take(tag)

    def renew(self) -> None:
        """Have every target begin anew: timestamps start again."""
        self._preface = bytes(bytearray(self._preface))  # the same, and yet another object

    def add(self, take: Take) -> None:
        """Have `take` called with each tag from now on."""
        with self._lock:
            self._takers.append(take)

    def remove(self, take: Take) -> None:
        """Have it called no more, if it still is."""
        with self._lock, suppress(ValueError):
            self._takers.remove(take)

    def _keep(self, tag: Tag) -> None:
        self._headers[tag.kind] = tag
        preface = HEADER + b"".join(self._headers[kind].data for kind in HEADERS if kind in self._headers)
        if preface != self._preface:  # an encoder that is started anew says the same again
            self._preface = preface
