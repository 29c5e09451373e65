"""How the presenter moves: a pose for each frame. Pure.

Every movement is a sum of `cos(pi * k * frame / last)` with whole `k`. Its speed is zero at the first and the
last frame, so a clip played there and back turns without a jerk, and goes on as the same cosine.
"""

import math
from dataclasses import dataclass

FPS = 25
FRAMES = 250

# Seconds at which the eyes are shut. Played there and back the pauses are 2 to 3.2 s long.
BLINKS_S = (1.5, 4.4, 6.5, 8.7)
# How far the eyes are open around a blink, a frame each: three to close, one shut, four to open.
BLINK = ((-3, 0.86), (-2, 0.52), (-1, 0.12), (0, 0.0), (1, 0.14), (2, 0.48), (3, 0.8), (4, 0.95))


YAW_DEGREES = ((1, 1.1), (3, 1.1), (4, 0.6))
MAX_YAW = math.radians(sum(size for _, size in YAW_DEGREES))


@dataclass(frozen=True, slots=True)
class Pose:
    """The presenter at one moment.

    Turns are in radians: `yaw` towards the viewer's right, `pitch` upwards, `roll` clockwise. `sway` and
    `rise` move the head and `breath` lifts the shoulders, in millimetres of the drawing. `open` is the
    eyes', 0..1.
    """

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    sway: float = 0.0
    rise: float = 0.0
    breath: float = 0.0
    open: float = 1.0


def pose(frame: int) -> Pose:
    """Return the pose of one frame of the clip, `0 <= frame < FRAMES`."""
    breath = wave(frame, (5, 1.0))
    return Pose(
        yaw=math.radians(wave(frame, *YAW_DEGREES)),
        pitch=math.radians(wave(frame, (2, 0.7), (5, 0.35), (7, 0.15))),
        roll=math.radians(wave(frame, (2, 0.5), (3, -0.35))),
        sway=wave(frame, (1, 1.4), (2, 0.9), (5, -0.3)),
        rise=0.35 * breath + wave(frame, (3, 0.3)),
        breath=1.1 * breath,
        open=openness(frame),
    )


def wave(frame: int, *parts: tuple[int, float]) -> float:
    """Sum cosines given as (half turns over the clip, size)."""
    turn = math.pi * frame / (FRAMES - 1)
    return sum(size * math.cos(half_turns * turn) for half_turns, size in parts)


def openness(frame: int) -> float:
    """Return how far the eyes are open in a frame, 0 shut to 1 open."""
    profile = dict(BLINK)
    return min(profile.get(frame - round(at * FPS), 1.0) for at in BLINKS_S)
