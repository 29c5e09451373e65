"""Which place of one clip shows the head most as another clip shows it at a place. Pure.

A place counts frames there and back (`avatars.loop`): each frame has one for either way.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from avatars.loop import period, there_and_back

STABLE = (10, 33, 133, 362, 263, 168, 1, 127, 356)
"""Points that speech does not move: top of the forehead, corners of the eyes, bridge and tip of the nose,
temples. Where they stand tells the head's place, size, tilt and turn at once, all of it in pixels."""

AHEAD_FRAMES = (0, 4, 8)
"""The heads are compared at a place and so many frames on: over the cross-fade and a little longer. So one
that goes left is not joined to one that comes right, unless that lies much nearer."""

_ROWS = 256  # compared at once: 6 MB where both clips have a minute

Landmarks = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Two clips between which the picture changes over: that of idle and that of speech.

    Attributes:
        to_talk: for each place of the idle clip that of the talk clip nearest in pose, `(period,)`.
        to_idle: the other way, for each place of the talk clip.
    """

    to_talk: Places
    to_idle: Places

    @classmethod
    def of(cls, idle: Landmarks, talk: Landmarks) -> Self:
        """Compare two clips by their landmarks, `(frames, 478, 2)` each, in pixels of the same picture."""
        return cls(nearest(idle, talk), nearest(talk, idle))

    def leap(self, position: int, idle_place: int) -> int:
        """Return by how many positions the talk clip has to go on from the one it is at on the timeline, to
        be nearest in pose to the idle clip at `idle_place`."""
        talk = int(self.to_talk[idle_place % len(self.to_talk)])
        return (talk - position) % len(self.to_idle)

    def idle_at(self, position: int) -> int:
        """Return the idle clip's place nearest in pose to the talk clip at that position of the timeline."""
        return int(self.to_idle[position % len(self.to_idle)])


def nearest(clip: Landmarks, other: Landmarks) -> Places:
    """Return for each place of `clip` that of `other` that shows the head most alike, `(period of clip,)`.

    Args:
        clip: `(frames, 478, 2)`, in pixels.
        other: the same of another clip, with pictures of the same size.
    """
    ours, theirs = _paths(clip), _paths(other)
    middle = theirs.mean(axis=0)
    ours, theirs = ours - middle, theirs - middle
    lengths = np.square(theirs).sum(axis=1)
    parts = [ours[at : at + _ROWS] for at in range(0, len(ours), _ROWS)]
    return np.concatenate([np.argmin(lengths - 2 * part @ theirs.T, axis=1) for part in parts])


def _paths(landmarks: Landmarks) -> NDArray[np.float64]:
    """Return where the stable points are at each place and some frames on: `(period, numbers)`."""
    points = landmarks[:, STABLE, :].astype(np.float64)
    count = len(points)
    places = range(period(count))
    paths = [points[[there_and_back(place + ahead, count) for place in places]] for ahead in AHEAD_FRAMES]
    return np.asarray(np.stack(paths, axis=1).reshape(period(count), -1), np.float64)
