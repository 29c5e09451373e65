"""A film in the making: pictures as they come, and beside them a sound file at its own rate."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import av
from av.audio import AudioFrame, AudioStream
from av.codec import Codec
from av.video import VideoFrame, VideoStream

from latentsync.errors import UnwritableFilmError
from latentsync.geometry import Picture
from latentsync.speech import decode, rate_and_channels

FPS = 25
"""Pictures a second: the rate that the model was trained at, and that prepared clips have."""

_QUALITY = {"crf": "16"}  # x264's: what is lost at 16 is hardly seen
_BT709 = 1  # H.273's code, of primaries, transfer and matrix alike
_LIMITED_RANGE = 1  # libav's code for luma of 16 to 235


class Film:
    """A context manager: `write` each picture. The file appears when it is left without an error.

    Args:
        file: its name's end says the kind of film.
        width: of the pictures, in pixels, even.
        height: of the pictures, in pixels, even.
        sound: a file; all of it is heard.

    Raises:
        UnwritableFilmError: the film cannot be written.
        UnreadableSoundError: the sound cannot be read.
    """

    def __init__(self, file: Path, width: int, height: int, sound: Path) -> None:
        self._file, self._size, self._source = file, (width, height), sound
        self._draft = file.with_name(f".{file.stem}.part{file.suffix}")
        self._pictures = 0
        self._heard_s = 0.0

    def __enter__(self) -> Self:
        rate_hz, channels = rate_and_channels(self._source)
        with self._telling():
            self._container = av.open(f"file:{self._draft}", "w")
            self._video, self._audio = self._add_video(), self._add_audio(rate_hz, channels)
        self._sound = decode(self._source, "fltp", self._audio.layout.name, self._audio.rate)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            with suppress(av.FFmpegError):
                self._container.close()
            self._draft.unlink(missing_ok=True)

    def write(self, picture: Picture) -> None:
        """Append a picture, I420 of BT.709, `(height * 3 // 2, width)`, and the sound up to its end."""
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = self._pictures
        self._pictures += 1
        with self._telling():
            self._container.mux(self._video.encode(frame))
        while self._heard_s < self._pictures / FPS and (sound := next(self._sound, None)):
            self._heard_s += sound.samples / sound.sample_rate
            self._add_sound(sound)

    def _finish(self) -> None:
        for sound in self._sound:
            self._add_sound(sound)
        self._add_sound(None)
        with self._telling():
            self._container.mux(self._video.encode(None))
            self._container.close()
            self._draft.replace(self._file)

    def _add_sound(self, frame: AudioFrame | None) -> None:
        with self._telling():
            self._container.mux(self._audio.encode(frame))

    def _add_video(self) -> VideoStream:
        video = self._container.add_stream("libx264", FPS, _QUALITY)
        video.width, video.height = self._size
        video.pix_fmt = "yuv420p"
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED_RANGE
        return video

    def _add_audio(self, rate_hz: int, channels: int) -> AudioStream:
        """Add sound at its own rate, or at the nearest to it that AAC has."""
        rates = Codec("aac", "w").audio_rates or [rate_hz]
        nearest = min(rates, key=lambda rate: abs(rate - rate_hz))
        return self._container.add_stream("aac", nearest, layout="mono" if channels == 1 else "stereo")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnwritableFilmError(f"{self._file} cannot be written ({error}).") from error
