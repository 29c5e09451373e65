"""ffmpeg's arguments: one encode to FLV, as platforms ask for it. Pure. Reasons: `docs/streamer.md`."""

from dataclasses import dataclass
from enum import StrEnum

from wire.media import AIR_RATE_HZ, FPS, SAMPLES_PER_FRAME

KEYFRAME_S = 2
FILL_S = 0.02
"""A hole in the sound as long as this is filled with silence; a tick is twice as long."""


class Codec(StrEnum):
    """What encodes the picture, by ffmpeg's name."""

    NVENC = "h264_nvenc"
    X264 = "libx264"


@dataclass(frozen=True, slots=True)
class Coding:
    """How picture and sound are encoded, rates in kbit/s."""

    codec: Codec
    video_kbps: int
    audio_kbps: int


OPTIONS = {
    Codec.X264: ("-preset", "veryfast", "-tune", "zerolatency", "-sc_threshold", "0"),
    Codec.NVENC: ("-preset", "p4", "-tune", "ull", "-zerolatency", "1", "-bf", "0", "-no-scenecut", "1"),
}
CONSTANT_RATE = {
    Codec.X264: ("-x264-params", "nal-hrd=cbr:force-cfr=1"),
    Codec.NVENC: ("-rc", "cbr", "-strict_gop", "1"),
}


def arguments(coding: Coding, first_tick: int) -> list[str]:
    """Return ffmpeg's arguments for a pipe (see `streamer.matroska`) whose first tick is `first_tick`.

    Timestamps are those of the pipe, so that they go on when ffmpeg is started anew.
    """
    return [
        *("-hide_banner", "-nostats", "-loglevel", "warning", "-copyts"),
        *("-analyzeduration", "0", "-probesize", "32", "-f", "matroska", "-i", "pipe:0"),
        *("-map", "0:v", "-map", "0:a", "-flags", "+global_header"),
        *picture(coding.codec, coding.video_kbps),
        *_sound(coding.audio_kbps, first_tick * SAMPLES_PER_FRAME),
        *("-f", "flv", "-flvflags", "no_duration_filesize+no_sequence_end", "-flush_packets", "1", "pipe:1"),
    ]


def trial(codec: Codec, kbps: int, width: int, height: int) -> list[str]:
    """Return ffmpeg's arguments to encode one picture of that size and throw it away."""
    plain = f"color=size={width}x{height}:rate={FPS}"
    source = ("-f", "lavfi", "-i", plain, "-frames:v", "1")
    return ["-hide_banner", "-loglevel", "error", *source, *picture(codec, kbps), "-f", "null", "-"]


def picture(codec: Codec, kbps: int) -> list[str]:
    """Return the arguments that encode the picture."""
    rate = f"{kbps}k"
    group = str(KEYFRAME_S * FPS)
    colours = "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
    return [
        *("-vf", colours, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p"),
        *("-c:v", codec, *OPTIONS[codec], "-profile:v", "high", "-g", group, "-keyint_min", group),
        *("-b:v", rate, "-maxrate", rate, "-bufsize", rate, *CONSTANT_RATE[codec]),
    ]


def _sound(kbps: int, first_sample: int) -> list[str]:
    # `pan`: ffmpeg's own way from one channel to two takes 3 dB away; `min_hard_comp`: holes of less than
    # 0.1 s, a tick or two that were dropped, would else not be filled, and sound stay early by as much
    fill = f"aresample=async=1:min_hard_comp={FILL_S}:first_pts={first_sample}"
    filters = f"{fill},pan=stereo|c0=c0|c1=c0"
    return ["-af", filters, "-c:a", "aac", "-b:a", f"{kbps}k", "-ar", str(AIR_RATE_HZ)]
