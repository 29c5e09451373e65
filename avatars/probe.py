"""What a clip says of itself before it is decoded, and whether it may become an avatar."""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError
from av.video.stream import VideoStream

from avatars.errors import RefusedClipError

FPS = 25
"""Frames a second of every prepared avatar: the stream's."""

FORMATS = (
    "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,ogg,asf,gif,apng,image2,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe"
)
"""Containers that are tried. Playlists and scripts, which name other files, are not among them."""

PROTOCOLS = "file"

_SOURCE_PIXELS_MAX = 2**26  # 67 million: more than 8K video and most cameras' stills; decoded, 0.2 GB
_UNSPECIFIED = 2  # H.273's code for "not said", of colour matrix and transfer alike
_HDR_TRANSFERS = {16, 18}  # H.273: PQ and HLG
_HD_LINES = 720  # untagged pictures from here on are BT.709 by custom, smaller ones BT.601


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an avatar may become: seconds of the clip, and pixels of its longer side."""

    seconds: float
    side_px: int

    @property
    def frames(self) -> int:
        return int(self.seconds * FPS)


@dataclass(frozen=True, slots=True)
class Probe:
    """A readable clip.

    Attributes:
        frames: how many it should have at 25 fps; None where it does not say.
        has_alpha: it is transparent in places.
        is_hdr: it needs more than a standard screen.
        matrix: the colour matrix to decode it by, in the words of ffmpeg's scale filter.
    """

    frames: int | None
    has_alpha: bool
    is_hdr: bool
    matrix: str


def probe(clip: Path, limits: Limits) -> Probe:
    """Read a clip's headers.

    Raises:
        RefusedClipError: it is missing, no video or picture, too long or too large.
    """
    if not clip.is_file():
        raise RefusedClipError(f"{clip} is not a file; give the path of a video or a picture.")
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS}
    try:
        with av.open(f"file:{clip}", container_options=options, metadata_errors="replace") as container:
            streams = [s for s in container.streams.video if not s.disposition & s.disposition.attached_pic]
            if not streams:
                raise RefusedClipError(f"{clip.name} has no picture; an avatar is a video of a face.")
            return _judge(clip.name, streams[0], container.duration, limits)
    except (FFmpegError, ValueError) as error:
        raise RefusedClipError(
            f"{clip.name} is not a video or picture that can be read ({error})."
        ) from error


def _judge(name: str, stream: VideoStream, container_us: int | None, limits: Limits) -> Probe:
    if stream.width * stream.height > _SOURCE_PIXELS_MAX:
        raise RefusedClipError(
            f"{name} is {stream.width}x{stream.height} pixels; scale its longer side to {limits.side_px}."
        )
    seconds = _seconds(stream, container_us)
    if seconds is not None and seconds > limits.seconds + 1 / FPS:
        raise too_long(name, f"{seconds:.1f} s", limits)
    context, format = stream.codec_context, stream.format
    untagged_hd = context.colorspace == _UNSPECIFIED and stream.height >= _HD_LINES and not format.is_rgb
    return Probe(
        frames=None if seconds is None else max(1, round(seconds * FPS)),
        has_alpha=any(component.is_alpha for component in format.components),
        is_hdr=context.color_trc in _HDR_TRANSFERS,
        matrix="bt709" if untagged_hd else "auto",
    )


def _seconds(stream: VideoStream, container_us: int | None) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container_us is None else container_us / av.time_base


def too_long(name: str, length: str, limits: Limits) -> RefusedClipError:
    """Return the refusal of a clip of `length`."""
    return RefusedClipError(
        f"{name} is {length} long; a clip may have {limits.seconds:g} s (LIVE_AVATAR_MAX_S). "
        "Ten seconds are enough: it is played there and back."
    )
