"""What a streamer needs before it goes on air; what cannot work ends the process with a sentence."""

import logging
import shutil
import sys
from collections.abc import Callable

from avatars.errors import AvatarError
from avatars.store import Avatar, avatar_hash, open_avatar
from settings import Settings
from streamer.label import FontError, Label
from streamer.outputs import Target, arguments, playlist

log = logging.getLogger(__name__)


def avatar_of(config: Settings) -> Avatar:
    """Return the channel's avatar."""
    try:
        return open_avatar(config.avatars_folder, avatar_hash(config.avatar, config.avatar_max_side_px))
    except OSError as error:
        sys.exit(f"The clip {config.avatar} cannot be read: {error.strerror}.")
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


def encoder_command(config: Settings) -> Callable[[int], list[str]]:
    """Return how ffmpeg is started for a pipe that begins at a tick; it readies the HLS folder."""
    program = shutil.which(config.ffmpeg)
    if program is None:
        sys.exit(f"LIVE_FFMPEG={config.ffmpeg!r} is not a program that can be run.")
    folder = config.hls_folder / config.channel
    target = Target(config.rtmp_url, folder, config.video_kbps, config.audio_kbps)

    def command(first_tick: int) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        _delete_unlisted(target)
        return [program, *arguments(target, first_tick)]

    return command


def _delete_unlisted(target: Target) -> None:
    """Delete HLS segments that are no longer listed: ffmpeg forgets those of the one before it."""
    file = playlist(target)
    try:
        listed = file.read_text(errors="replace").splitlines() if file.exists() else []
        for segment in target.hls_folder.glob("[0-9]*.ts"):
            if segment.name not in listed:
                segment.unlink()
    except OSError as error:
        log.warning("HLS segments of before stay where they are: %s", error)
