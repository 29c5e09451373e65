"""Listens to what the encoder yields: does its sound lie on the pictures that it was sent with?

From a thread of its own, half a second in ten: that takes 15 ms, in steps that the clock does not feel.
"""

import logging
from collections import deque
from collections.abc import Callable
from io import BytesIO
from threading import Event, Lock

import av
import numpy as np

from streamer.flv import PICTURES, Kind, Tag
from streamer.mixing import Sound
from streamer.offset import REACH_S, Samples, is_quiet, offset_s
from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

LISTEN_S = 10.0
"""Between two times."""
HEARD_S = 0.5
"""So much is listened to at once."""
SENT_TICKS = round((HEARD_S + 2 * REACH_S + 4.0) * FPS)
"""What may be heard: ffmpeg is replaced when it is 3 s behind."""
FRAME_MS = 1000 // FPS
AAC_SAMPLES = 1024

log = logging.getLogger(__name__)


class Ear:
    """Compares what was sent with what is heard, until stopped."""

    def __init__(self, preface: Callable[[], bytes]) -> None:
        """`preface` returns what goes before the encoder's tags, so that they can be decoded."""
        self._preface = preface
        self._sent: deque[tuple[int, Sound]] = deque(maxlen=SENT_TICKS)
        self._tags: deque[Tag] = deque(maxlen=round(HEARD_S * AIR_RATE_HZ / AAC_SAMPLES))
        self._late_ms = 0  # by how much pictures come later in the stream than their ticks
        self._lock = Lock()
        self.offset_s: float | None = None
        """How much later sound comes than its picture, in the speech heard last; None if nobody knows."""

    def send(self, tick: int, sound: Sound) -> None:
        """Note the sound of a tick, counted from where timestamps started."""
        with self._lock:
            self._sent.append((tick, sound))

    def take(self, tag: Tag) -> None:
        """Note what the encoder yields."""
        with self._lock:
            if tag.kind is Kind.SOUND:
                self._tags.append(tag)
            elif tag.kind in PICTURES:
                self._late_ms = tag.time_ms % FRAME_MS

    def run(self, stop: Event) -> None:
        """Listen until `stop`; the body of a thread."""
        while not stop.wait(LISTEN_S):
            try:
                self.listen()
            except av.error.FFmpegError as error:
                log.debug("what the encoder yields cannot be heard: %s", error)
            except Exception:
                log.exception("listening failed, and goes on in %s s", LISTEN_S)

    def listen(self) -> None:
        """Hear what was yielded last, and note where it lies; of silence nothing is noted.

        Raises:
            FFmpegError: it cannot be decoded.
        """
        with self._lock:
            tags, sent, late_ms = list(self._tags), list(self._sent), self._late_ms
        if not tags:
            return
        begin_ms, heard = _decoded(self._preface() + b"".join(tag.data for tag in tags))
        if not is_quiet(heard):
            self.offset_s = offset_s(_around(sent, begin_ms - late_ms, len(heard)), heard)


def _decoded(flv: bytes) -> tuple[int, Samples]:
    """Return when the sound of a stream begins, in milliseconds, and all of it, in steps of int16."""
    with av.open(BytesIO(flv), "r", format="flv") as container:
        # a decoder that joins has not all of its first frame
        _, *frames = container.decode(audio=0)
    sounds = [frame.to_ndarray().mean(axis=0) for frame in frames]
    begin_ms = round(1000 * float((frames[0].pts or 0) * (frames[0].time_base or 0))) if frames else 0
    return begin_ms, np.concatenate([*sounds, np.zeros(0, np.float32)]) * 32768


def _around(sent: list[tuple[int, Sound]], begin_ms: int, samples: int) -> Samples:
    """Return what was sent from `REACH_S` before `begin_ms` to as long after so many samples."""
    reach = round(REACH_S * AIR_RATE_HZ)
    around = np.zeros(samples + 2 * reach, np.float32)
    first = begin_ms * AIR_RATE_HZ // 1000 - reach
    for tick, sound in sent:
        at = tick * SAMPLES_PER_FRAME - first
        if 0 <= at <= len(around) - SAMPLES_PER_FRAME:
            around[at : at + SAMPLES_PER_FRAME] = sound
    return around
