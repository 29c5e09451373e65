"""One frame of the clip from the portrait and a pose."""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from assets.presenter.canvas import HEIGHT, WIDTH, Canvas, Frame, Plane, plane
from assets.presenter.eyes import draw_eyes
from assets.presenter.motion import MAX_YAW, Pose
from assets.presenter.paint import Picture
from assets.presenter.portrait import Portrait

COARSE = 4  # pixels of drawing between points at which the movement is worked out
NECK = (108.0, 152.0)  # down this stretch the head's movement fades into the body's
PIVOT = (0.0, 128.0)
EYEBALL = 12.0  # millimetres; the eyes stay on the camera while the head turns about them
BODY_SHARE = 0.35  # of the head's sway


@dataclass(frozen=True)
class Animator:
    """Moves a portrait."""

    portrait: Portrait

    def frame(self, pose: Pose) -> Frame:
        """Return the clip's picture of a pose."""
        person = self._person(pose)
        moved = cv2.remap(person, *self._sources(pose), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        picture = moved[..., :3] + self.portrait.room * (1 - moved[..., 3:])
        small = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        return np.clip(small[..., ::-1] * 255 + 0.5, 0, 255).astype(np.uint8)

    def _person(self, pose: Pose) -> Picture:
        """Return the presenter, lit for the turn of her head, with her eyes."""
        share = 0.5 + 0.5 * pose.yaw / MAX_YAW
        person = plane(cv2.addWeighted(self.portrait.left, 1 - share, self.portrait.right, share, 0))
        gaze = (-EYEBALL * math.sin(pose.yaw), EYEBALL * math.sin(pose.pitch))
        draw_eyes(self.portrait.canvas, person, pose.open, gaze)
        return person

    def _sources(self, pose: Pose) -> tuple[Plane, Plane]:
        """Return from which column and row of the drawing each pixel comes."""
        right, down = shifts(self._grid, self._depth, pose)
        size = (self.portrait.canvas.width, self.portrait.canvas.height)
        scale = self.portrait.canvas.scale
        columns = cv2.resize(right * scale, size, interpolation=cv2.INTER_LINEAR) + self._columns
        rows = cv2.resize(down * scale, size, interpolation=cv2.INTER_LINEAR) + self._rows
        return plane(columns), plane(rows)

    @cached_property
    def _grid(self) -> Canvas:
        canvas = self.portrait.canvas
        # Its points are the centres of squares of COARSE pixels.
        origin = tuple((at + 0.5) / COARSE - 0.5 for at in canvas.origin)
        return Canvas(
            canvas.width // COARSE, canvas.height // COARSE, (origin[0], origin[1]), canvas.scale / COARSE
        )

    @cached_property
    def _depth(self) -> Plane:
        size = (self._grid.width, self._grid.height)
        return plane(cv2.resize(self.portrait.depth, size, interpolation=cv2.INTER_AREA))

    @cached_property
    def _columns(self) -> Plane:
        return np.arange(self.portrait.canvas.width, dtype=np.float32)[None, :]

    @cached_property
    def _rows(self) -> Plane:
        return np.arange(self.portrait.canvas.height, dtype=np.float32)[:, None]


def shifts(grid: Canvas, depth: Plane, pose: Pose) -> tuple[Plane, Plane]:
    """Return how far right and down in the portrait each point finds what it shows, in millimetres."""
    head = 1 - _smooth((grid.y - NECK[0]) / (NECK[1] - NECK[0]))
    sway = pose.sway * (BODY_SHARE + (1 - BODY_SHARE) * head)
    x, y = grid.x - PIVOT[0], grid.y - PIVOT[1]
    right = head * (pose.roll * y - depth * math.sin(pose.yaw)) - sway
    down = head * (depth * math.sin(pose.pitch) - pose.roll * x + pose.rise)
    breath = pose.breath * (1 - head)
    return right - 0.002 * breath * grid.x, down + breath + 0 * x


def _smooth(t: Plane) -> Plane:
    t = np.clip(t, 0, 1)
    return t * t * (3 - 2 * t)
