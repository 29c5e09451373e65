"""What a streamer needs before it goes on air; what cannot work ends the process with a sentence."""

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from avatars.errors import AvatarError
from avatars.pose import Poses
from avatars.store import Avatar, avatar_hash, open_avatar
from settings import Settings
from streamer.coding import Codec, Coding, arguments, trial
from streamer.idling import IdleClip
from streamer.label import FontError, Label
from streamer.outputs import Kind, Target

TRIAL_S = 10.0
"""A GPU that has not encoded one picture by then is of no use; most take a second."""

log = logging.getLogger(__name__)


def avatar_of(config: Settings) -> Avatar:
    """Return the channel's avatar, the one that speaks."""
    return _opened(config, config.talk_avatar or config.avatar)


def idle_of(config: Settings, speaking: Avatar) -> IdleClip | None:
    """Return the clip that is shown in idle, where that is another than the one that speaks."""
    idle = _opened(config, config.avatar)
    if idle.hash == speaking.hash:
        return None
    sizes = [f"{avatar.width}x{avatar.height}" for avatar in (idle, speaking)]
    if len(set(sizes)) > 1:
        sys.exit(
            f"LIVE_AVATAR has pictures of {sizes[0]} pixels and LIVE_TALK_AVATAR of {sizes[1]}: "
            "scale one clip to the other's size."
        )
    return IdleClip(idle, Poses.of(idle.landmarks, speaking.landmarks))


def _opened(config: Settings, clip: Path) -> Avatar:
    try:
        return open_avatar(config.avatars_folder, avatar_hash(clip, config.avatar_max_side_px))
    except OSError as error:
        sys.exit(f"The clip {clip} cannot be read: {error.strerror}.")
    except AvatarError as error:
        sys.exit(str(error))


def label_of(config: Settings, avatar: Avatar) -> Label | None:
    """Return the label that viewers see; None, logged, where it is turned off."""
    if not config.label_text:
        log.warning("the label is turned off: viewers are not told that they see a digital human")
        return None
    try:
        return Label(
            config.label_text,
            config.label_corner,
            config.label_font,
            avatar.width,
            avatar.height,
            config.label_size,
        )
    except FontError as error:
        sys.exit(f"The label {config.label_text!r} cannot be drawn: {error}. Set LIVE_LABEL_FONT.")


def encoder_command(config: Settings, width: int, height: int) -> Callable[[int], list[str]]:
    """Return how ffmpeg is started, for pictures of that size and a pipe that begins at a tick."""
    program = shutil.which(config.ffmpeg)
    if program is None:
        sys.exit(f"LIVE_FFMPEG={config.ffmpeg!r} is not a program that can be run.")
    codec = _codec(program, config.video_kbps, width, height)
    coding = Coding(codec, config.video_kbps, config.audio_kbps)
    return lambda first_tick: [program, *arguments(coding, first_tick)]


def targets_of(config: Settings) -> list[Target]:
    """Return where the settings send the channel's stream: RTMP, HLS, and a recording if one is asked for."""
    rtmp = [Target(f"rtmp{i}", Kind.RTMP, url) for i, url in enumerate(dict.fromkeys(config.rtmp_urls), 1)]
    hls = Target("hls", Kind.HLS, str(config.hls_folder / config.channel))
    if config.record_folder is None:
        return [*rtmp, hls]
    folder = str(config.record_folder / config.channel)
    return [*rtmp, hls, Target("recording", Kind.RECORDING, folder, bytes_max=config.record_max_bytes)]


def _codec(program: str, kbps: int, width: int, height: int) -> Codec:
    """Return what encodes the picture: the GPU where one picture goes through it, else the processor."""
    command = [program, *trial(Codec.NVENC, kbps, width, height)]
    try:
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=TRIAL_S
        )
        works = tried.returncode == 0
    except subprocess.TimeoutExpired:
        works = False
    codec = Codec.NVENC if works else Codec.X264
    log.info("pictures are encoded by %s", codec)
    return codec
