"""Watches the output for black, frozen and silent stretches, from a thread of its own.

Every few seconds it reads the newest HLS segment, which is what viewers get: of its pictures only the first,
a keyframe, and all of its sound. That takes a hundredth of a core. The thread has the clock's own priority:
one of a lower might be held up on a busy machine while it has Python's lock, and the clock with it.
"""

import logging
from collections.abc import Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from streamer.counters import Counters
from streamer.mixing import Sound
from streamer.stretches import (
    KEPT_GLANCES,
    LOUD_PEAK,
    PLACES,
    Clip,
    Glance,
    Small,
    Trouble,
    clip_of,
    mixed,
    troubles,
)

GLANCE_S = 4.0
"""Between two glances; a segment is 2 s."""
COLUMNS, ROWS = 64, 36
"""Of a small picture."""
QUICK = {"probesize": "32"}
"""Options by which libav tells from its first packets what a segment holds."""

log = logging.getLogger(__name__)


class Monitor:
    """Glances at a channel's output until stopped; counts and logs what is wrong with it."""

    def __init__(self, playlist: Path, clips: Sequence[NDArray[np.uint8]], counters: Counters) -> None:
        """`clips` are the frames, I420, of each clip that is sent."""
        self._playlist, self._clips, self._counters = playlist, clips, counters
        self.segment = ""
        """The name of the one that was looked at last."""
        self._glances: list[Glance] = []
        self._since: dict[Trouble, float] = {}
        self._ticks = self._loud = 0  # written by the clock's thread alone
        self._told = (0, 0)

    def hear(self, sound: Sound) -> None:
        """Note the sound of a tick that is sent."""
        self._ticks += 1
        self._loud += int(sound.max(initial=0)) >= LOUD_PEAK

    def run(self, stop: Event) -> None:
        """Watch until `stop`; the body of a thread."""
        while not stop.wait(GLANCE_S):
            try:
                self.glance()
            except (OSError, ValueError, av.error.FFmpegError) as error:
                log.debug("%s cannot be read: %s", self.segment, error)  # then nothing is judged by it
            except Exception:
                log.exception("watching the output failed, and goes on in %s s", GLANCE_S)

    def glance(self) -> None:
        """Look at the newest segment, if it is another than before.

        Raises:
            OSError, ValueError, av.error.FFmpegError: it cannot be read.
        """
        segment = newest(self._playlist.read_text())
        if segment == self.segment:
            return
        self.segment = segment
        picture, level = seen(self._playlist.with_name(segment))
        self._glances = [*self._glances[1 - KEPT_GLANCES :], Glance(picture, level, self._loud_share())]
        self._tell(troubles(self._glances, self._clip))

    def _loud_share(self) -> float:
        """Return the share of speech in what was sent since the last call."""
        (ticks, loud), self._told = self._told, (self._ticks, self._loud)
        return (self._loud - loud) / max(1, self._ticks - ticks)

    def _tell(self, now: set[Trouble]) -> None:
        for trouble in sorted(now - self._since.keys()):
            counter = f"output_{trouble}"
            setattr(self._counters, counter, getattr(self._counters, counter) + 1)
            self._since[trouble] = monotonic()
            log.error("the output is %s", trouble.told)
        for trouble in sorted(self._since.keys() - now):
            log.info(
                "the output is no longer %s, after %.0f s",
                trouble.told,
                monotonic() - self._since.pop(trouble),
            )

    @cached_property
    def _clip(self) -> Clip:
        clip = mixed([clip_of(len(p), lru_cache(PLACES)(partial(_small_of, p))) for p in self._clips])
        if not clip.moves:
            log.info("the clip hardly moves: nobody could tell if the output were frozen")
        if clip.is_dark:
            log.info("the clip is dark: nobody could tell if the output were black")
        return clip


def _small_of(pictures: NDArray[np.uint8], frame: int) -> Small:
    return small(pictures[frame, : pictures.shape[1] * 2 // 3])


def newest(playlist: str) -> str:
    """Return the last segment that an HLS playlist names; empty if none."""
    names = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    return names[-1] if names else ""


def seen(segment: Path) -> tuple[Small, float]:
    """Return a segment's first picture, made small, and its sound's root mean square in steps of int16.

    Raises:
        OSError, ValueError, av.error.FFmpegError: it is gone, or has no picture or no sound.
    """
    with av.open(str(segment), options=QUICK) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        video.codec_context.thread_count = 1
        packets = list(container.demux((video, audio)))
        coded = [packet for packet in packets if packet.stream is video][:1]
        pictures = [frame for packet in [*coded, None] for frame in video.codec_context.decode(packet)]
        sounds = [frame for packet in packets if packet.stream is audio for frame in packet.decode()]
        if not (pictures and sounds):
            raise ValueError(f"{len(pictures)} pictures, {len(sounds)} pieces of sound")
        return small(_luma(pictures[0])), _level(sounds)


def small(luma: NDArray[np.uint8]) -> Small:
    """Return a picture's luma, `(height, width)`, made `(ROWS, COLUMNS)`."""
    picture = VideoFrame.from_ndarray(np.ascontiguousarray(luma), format="gray")
    return np.asarray(picture.reformat(COLUMNS, ROWS, interpolation="AREA").to_ndarray(), np.uint8)


def _luma(picture: VideoFrame) -> NDArray[np.uint8]:
    # not by libav's own conversion to grey, which takes the colours of a broken picture for light
    plane = picture.planes[0]
    return np.frombuffer(bytes(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def _level(sounds: Sequence[Any]) -> float:
    samples = np.concatenate([sound.to_ndarray().ravel() for sound in sounds])
    return float(np.sqrt(np.mean(np.square(samples)))) * 32768
