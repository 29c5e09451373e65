"""Decode any clip to the stream's pictures: 25 fps, I420, BT.709, upright, no larger than allowed.

The decoder is a child process: what a damaged file does to it cannot hurt the preparing process, and it
works while the faces are being looked for.
"""

import os
import re
import selectors
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import IO, Self, cast

import numpy as np
from numpy.typing import NDArray

from avatars.errors import PreparationError, RefusedClipError
from avatars.probe import FORMATS, FPS, PROTOCOLS, Limits, Probe, too_long

STALL_S = 30.0
"""How long the decoder may take for one picture; one of 1080p HEVC took 0.02 s, on two busy cores."""

_WHOLE = 0.9  # of the promised frames: a clip that gives fewer has been cut off or is damaged
_COUNTING_SLACK = 5  # frames by which containers misjudge their own length
_LINE_BYTES_MAX = 512
_STANDARD = ":out_color_matrix=bt709:out_range=tv"
_FROM_HDR = "zscale=t=bt709:p=bt709:m=bt709:r=tv:npl=203"  # white at the 203 nits of BT.2408; brighter clips


class Decoder:
    """A running ffmpeg, as a context manager; iterate it for the pictures.

    Attributes:
        width: of the pictures, in pixels, even.
        height: of the pictures, in pixels, even.

    Raises:
        RefusedClipError: the clip cannot be decoded, breaks off, or is longer than allowed.
        PreparationError: the decoder could not be started, was killed, or stalled.
    """

    def __init__(self, ffmpeg: str, clip: Path, probe: Probe, limits: Limits) -> None:
        self._name, self._probe, self._limits = clip.name, probe, limits
        try:
            self._process = subprocess.Popen(
                _command(ffmpeg, clip, probe, limits),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            raise PreparationError(f"{ffmpeg} does not start ({error.strerror}): set LIVE_FFMPEG.") from error
        self._pictures = cast(IO[bytes], self._process.stdout)
        self._errors = cast(IO[bytes], self._process.stderr)
        self._complaints: deque[str] = deque(maxlen=3)
        self._drain = Thread(target=_drain, args=(self._errors, self._complaints), daemon=True)
        self._drain.start()

    def __enter__(self) -> Self:
        try:
            self.width, self.height = self._read_size()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._stop()

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield each picture as `(height * 3 // 2, width)` uint8, a new array every time."""
        count = 0
        while line := self._read_line():
            if not line.startswith("FRAME"):
                raise self._misunderstood(line)
            picture = np.empty((self.height * 3 // 2, self.width), np.uint8)
            if self._read_into(picture.reshape(-1).data) < picture.size:
                break
            count += 1
            if count > self._limits.frames:
                raise too_long(self._name, f"over {self._limits.seconds:g} s", self._limits)
            yield picture
        self._check_end(count)

    def _read_size(self) -> tuple[int, int]:
        header = self._read_line()
        if not header:
            raise self._failure("holds no picture that can be decoded")
        size = re.match(r"YUV4MPEG2 W(\d+) H(\d+) ", header)
        if size is None:
            raise self._misunderstood(header)
        return int(size[1]), int(size[2])

    def _misunderstood(self, line: str) -> PreparationError:
        return PreparationError(
            f"LIVE_FFMPEG is no ffmpeg: it answers {line[:40]!r} when asked for pictures."
        )

    def _check_end(self, count: int) -> None:
        promised = self._probe.frames or 0
        if count + _COUNTING_SLACK < promised * _WHOLE:
            raise self._failure(f"breaks off: {count / FPS:.1f} of its {promised / FPS:.1f} s can be decoded")
        if count == 0:
            raise self._failure("holds no picture that can be decoded")

    def _failure(self, finding: str) -> Exception:
        code = self._process.wait(STALL_S)
        self._drain.join()
        if code < 0:
            return PreparationError(f"The decoder of {self._name} was ended by signal {-code}; try again.")
        said = f" ({self._complaints[-1]})" if self._complaints else ""
        return RefusedClipError(f"{self._name} {finding}{said}.")

    def _read_line(self) -> str:
        """Read on to the end of a line; empty at the decoder's end."""
        line, byte = bytearray(), bytearray(1)
        while len(line) < _LINE_BYTES_MAX and self._read_into(memoryview(byte)) and byte != b"\n":
            line += byte
        return line.decode("ascii", errors="replace")

    def _read_into(self, view: memoryview) -> int:
        """Fill the view; return how many bytes came before the decoder's end."""
        filled = 0
        while filled < len(view):
            self._wait()
            if not (got := os.readv(self._pictures.fileno(), [view[filled:]])):
                break
            filled += got
        return filled

    def _wait(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._pictures, selectors.EVENT_READ)
            if not selector.select(STALL_S):
                raise PreparationError(f"The decoder of {self._name} gave nothing for {STALL_S:g} s.")

    def _stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._drain.join()
        self._pictures.close()
        self._errors.close()


def _drain(errors: IO[bytes], complaints: deque[str]) -> None:
    for line in errors:
        complaints.append(line.decode(errors="replace").strip())


def _command(ffmpeg: str, clip: Path, probe: Probe, limits: Limits) -> list[str]:
    safe = ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", FORMATS]
    first_video = ["-map", "0:V:0"]  # V leaves cover pictures out
    # One frame more than allowed tells a clip that is too long from one that just fits.
    bounded = ["-frames:v", str(limits.frames + 1), "-fps_mode", "passthrough"]
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error"),
        *(*safe, "-i", f"file:{clip}", *first_video, *bounded),
        *("-vf", _filters(probe, limits.side_px), "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "pipe:1"),
    ]


def _filters(probe: Probe, side_px: int) -> str:
    fit = f"min(1,{side_px}/max(iw*sar,ih))"
    size = [f"max(2,2*trunc({side}*{fit}/2))" for side in ("iw*sar", "ih")]
    colours = "" if probe.is_hdr else _STANDARD
    steps = [
        "format=gbrap,premultiply=inplace=1" if probe.has_alpha else "",  # what is transparent becomes black
        f"fps={FPS}",
        f"scale=w='{size[0]}':h='{size[1]}':in_color_matrix={probe.matrix}{colours}",
        _FROM_HDR if probe.is_hdr else "",
        "setsar=1",
    ]
    return ",".join(step for step in steps if step)
