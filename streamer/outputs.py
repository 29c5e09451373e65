"""ffmpeg's arguments: one encode, sent to RTMP and HLS at once. Pure. Reasons: `docs/streamer.md`."""

import re
from dataclasses import dataclass
from pathlib import Path

from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

KEYFRAME_S = 2
SEGMENT_S = KEYFRAME_S
"""HLS is cut at keyframes, so no segment is shorter."""
SEGMENTS_LISTED = 6
SEGMENTS_KEPT_LONGER = 3
"""Segments that left the list and are kept for players that are still loading them."""
RTMP_QUEUE_PACKETS = 300
"""About 4 s of packets (25 pictures and 47 of sound a second) wait while the RTMP server is slow."""
RTMP_TIMEOUT_US = 5_000_000
"""A connection that takes nothing for so long is opened anew."""

Options = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Target:
    """Where the stream goes and at which bit rates. An empty `rtmp_url` leaves HLS alone."""

    rtmp_url: str
    hls_folder: Path
    video_kbps: int
    audio_kbps: int


def playlist(target: Target) -> Path:
    """Return the file that a browser opens."""
    return target.hls_folder / "index.m3u8"


def arguments(target: Target, first_tick: int) -> list[str]:
    """Return ffmpeg's arguments for a pipe (see `streamer.matroska`) whose first tick is `first_tick`.

    Timestamps are those of the pipe, so that they go on when ffmpeg is started anew.
    """
    return [
        *("-hide_banner", "-nostats", "-loglevel", "warning", "-copyts"),
        *("-analyzeduration", "0", "-probesize", "32", "-f", "matroska", "-i", "pipe:0"),
        *("-map", "0:v", "-map", "0:a", "-flags", "+global_header"),
        *_picture(target.video_kbps),
        *_sound(target.audio_kbps, first_tick * SAMPLES_PER_FRAME),
        *("-f", "tee", "|".join(_slaves(target))),
    ]


def _picture(kbps: int) -> list[str]:
    rate = f"{kbps}k"
    group = str(KEYFRAME_S * FPS)
    colours = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    return [
        *("-vf", colours, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency"),
        *("-g", group, "-keyint_min", group, "-sc_threshold", "0"),
        *("-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-x264-params", "nal-hrd=cbr:force-cfr=1"),
    ]


def _sound(kbps: int, first_sample: int) -> list[str]:
    # `pan`: ffmpeg's own way from one channel to two takes 3 dB away
    filters = f"aresample=async=1:first_pts={first_sample},pan=stereo|c0=c0|c1=c0"
    return ["-af", filters, "-c:a", "aac", "-b:a", f"{kbps}k", "-ar", str(AIR_RATE_HZ)]


def _slaves(target: Target) -> list[str]:
    hls = _slave("hls", _HLS | {"hls_segment_filename": str(target.hls_folder / "%d.ts")}, playlist(target))
    return [_slave("flv", _FLV, target.rtmp_url), hls] if target.rtmp_url else [hls]


_FLV: Options = {"rw_timeout": RTMP_TIMEOUT_US, "flvflags": "no_duration_filesize"}

_HLS: Options = {
    "hls_time": SEGMENT_S,
    "hls_list_size": SEGMENTS_LISTED,
    "hls_delete_threshold": SEGMENTS_KEPT_LONGER,
    # a list without its end goes on when the streamer is started anew
    "hls_flags": "delete_segments+append_list+omit_endlist+independent_segments+program_date_time+temp_file",
}


def _slave(format: str, options: Options, address: str | Path) -> str:
    """Return one target of the tee muxer, behind a queue of its own that opens it anew when it fails."""
    fifo: Options = {
        "f": "fifo",
        "fifo_format": format,
        "queue_size": RTMP_QUEUE_PACKETS,
        "drop_pkts_on_overflow": 1,
        "attempt_recovery": 1,
        "recover_any_error": 1,
        "recovery_wait_time": 1,
        "restart_with_keyframe": 1,
        "format_opts": _joined(options),
        "onfail": "ignore",
    }
    return f"[{_escaped(_joined(fifo), '|')}]{_escaped(str(address), '|')}"


def _joined(options: Options) -> str:
    return ":".join(f"{name}={_escaped(str(value), ':')}" for name, value in options.items())


def _escaped(text: str, separators: str) -> str:
    return re.sub(rf"([\\'{re.escape(separators)}\[\]])", r"\\\1", text)
