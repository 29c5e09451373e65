"""The clip that is shown while nobody speaks, on a channel where another speaks."""

from dataclasses import dataclass

import numpy as np

from avatars.loop import there_and_back
from avatars.pose import Poses
from avatars.store import Avatar
from streamer.canvas import Canvas
from streamer.mixing import FULL, Fade, cross
from streamer.playout import Shown, change_over


@dataclass(frozen=True, slots=True, eq=False)
class IdleClip:
    """A clip of the size of the one that speaks, and where their poses meet."""

    avatar: Avatar
    poses: Poses


class Idling:
    """The idle clip on air: it gives way to the clip that speaks, and comes back nearest in pose to it."""

    def __init__(self, clip: IdleClip, place: int, fade: Fade) -> None:
        """`place` is that of the clip that was shown last."""
        self._pictures = np.asarray(clip.avatar.pictures)
        self._poses, self._fade = clip.poses, fade
        self._shown = Shown(place)

    @property
    def place(self) -> int:
        """The clip's place that was shown last; while it is not seen, the one where it would come back."""
        return self._shown.place

    @property
    def is_alone(self) -> bool:
        """Whether nothing of the clip that speaks is seen."""
        return self._shown.level == 0

    @property
    def share(self) -> int:
        """The weight of the clip that speaks."""
        return self._fade.weight(self._shown.level)

    def step(self, is_spoken: bool, position: int) -> None:
        """Go one tick on; the clip that speaks is at `position` of the timeline."""
        self._shown = change_over(self._shown, is_spoken, self._poses.idle_at(position), self._fade.frames)

    def skip(self, ticks: int) -> None:
        """Go on by ticks that are not sent."""
        self._shown = Shown(self._shown.place + ticks, self._shown.level)

    def picture(self) -> Canvas:
        """Return the clip's own picture."""
        return Canvas(self._pictures[there_and_back(self._shown.place, len(self._pictures))])

    def under(self, speaking: Canvas) -> Canvas:
        """Return the picture of the clip that speaks, laid over this one's by its share."""
        share = self.share
        return speaking if share == FULL else Canvas(cross(self.picture().whole(), speaking.whole(), share))
