"""The clips of a channel that idles on one and speaks on another, as dispatch finds them prepared."""

import logging
from functools import lru_cache
from pathlib import Path

from avatars.errors import AvatarError
from avatars.pose import Poses
from avatars.store import open_avatar
from settings import settings
from wire.channels import Channel
from workers.starts import Meeting

KEPT = 16
"""Pairs of clips whose poses are known; two clips of ten seconds take 8 KB, and 0.1 s to compare."""

log = logging.getLogger(__name__)


def meeting_of(channel: Channel, now: int) -> Meeting | None:
    """Return how the channel's clips meet, if it has two; `now` is the broker's clock in milliseconds."""
    if not channel.idle:
        return None
    poses = _poses(settings().avatars_folder, channel.idle, channel.avatar)
    ahead = channel.idle_place_at(now) - channel.position_at(now)
    return Meeting(poses, ahead, settings().fade_frames) if poses else None


@lru_cache(maxsize=KEPT)
def _poses(folder: Path, idle: str, talk: str) -> Poses | None:
    """Return where the two clips meet; None, logged once, where one is not here to be looked at."""
    try:
        return Poses.of(open_avatar(folder, idle).landmarks, open_avatar(folder, talk).landmarks)
    except AvatarError as error:
        log.warning("speech begins in any pose: %s", error)
        return None
