"""What goes on air next. Pure: no clock, thread or I/O; the daemon calls these once a tick."""

from dataclasses import dataclass
from enum import Enum, auto

from avatars.loop import period, there_and_back


class Mode(Enum):
    IDLE = auto()
    FADE_IN = auto()
    LIVE = auto()
    FADE_OUT = auto()


class Supply(Enum):
    """A job's next frame."""

    NONE = auto()
    """None is to come, or its time has not."""
    LATE = auto()
    """It should be sent now, and is not here."""
    HELD = auto()
    """It was late, is here now, and is held until the body has come back to where it belongs."""
    READY = auto()
    """It is to be sent now, and is here."""


REACH_FRAMES = 12
"""While a frame is late the body sways about the clip frame that it was made for, so far to either side.

Speech that resumes then waits for the body no longer than this, half a second; and a sway takes two, as a
speaker's head does (`avatars.steady`).
"""

TURNS_MAX = 2
"""That sway is one, over and back: the same two seconds again and again would be seen to be a loop."""


@dataclass(frozen=True, slots=True)
class State:
    """`level`, 0 to `fade`, of the fade's steps are taken from the clip's own mouth to the job's."""

    mode: Mode = Mode.IDLE
    level: int = 0


def step(state: State, supply: Supply, fade: int) -> State:
    """Return the state one tick on; `level / fade` is the job's share of the mouth."""
    if supply is Supply.READY:
        level = min(state.level + 1, fade)
        return State(Mode.LIVE if level == fade else Mode.FADE_IN, level)
    level = max(state.level - 1, 0)
    return State(Mode.FADE_OUT if level else Mode.IDLE, level)


@dataclass(frozen=True, slots=True)
class Body:
    """Where the body is on the channel's timeline.

    `turn` counts the ticks of a cross-fade from another body: 1, 2 … ; 0 where none is under way.
    `turns_back` is how often it has turned since speech stands still.
    """

    position: int
    turn: int = 0
    turns_back: int = 0


def move(body: Body, wanted: int | None, frames: int, fade: int) -> Body:
    """Return the body one tick on.

    Args:
        body: what was sent last.
        wanted: the position that the next picture was made for; None lets the body go on.
        frames: of the clip.
        fade: ticks that a cross-fade takes, its last one all new.
    Returns:
        A body at `wanted`, or at a later position that shows the same frame going the same way: positions
        never fall. Where that is no step as in idle from the frame that was sent, a cross-fade starts.
    """
    onward = body.position + 1
    if wanted is None:
        return Body(onward, _crossing(body, fade))
    position = onward + (wanted - onward) % period(frames)
    if is_step(body.position, position, frames):
        return Body(position, _crossing(body, fade))
    return Body(position, 1 if fade > 1 else 0)


def sway(body: Body, wanted: int, is_here: bool, frames: int, fade: int) -> Body:
    """Return the body one tick on while the picture made for the position `wanted` is late.

    Until that is here the body goes on, once there and back within `REACH_FRAMES`, and then as in idle; when
    it is here, straight to its frame.
    """
    onward = body.position + 1
    near, far = distance(body.position, wanted, frames), distance(onward, wanted, frames)
    may_turn = is_here or (far > REACH_FRAMES and body.turns_back < TURNS_MAX)
    goes_back = near < far and may_turn
    position = onward + (-2 * body.position) % period(frames) if goes_back else onward
    return Body(position, _crossing(body, fade), body.turns_back + goes_back)


def is_held(body: Body, wanted: int, frames: int) -> bool:
    """Return whether a picture that was late waits for the body to come to its frame."""
    is_near = distance(body.position, wanted, frames) <= REACH_FRAMES
    return is_near and not is_step(body.position, wanted, frames)


def is_step(here: int, there: int, frames: int) -> bool:
    """Return whether the clip's frames at two positions follow each other, there or back, as in idle."""
    return distance(here, there, frames) == min(1, frames - 1)


def distance(here: int, there: int, frames: int) -> int:
    """Return how many frames of the clip lie between those shown at two positions."""
    return abs(there_and_back(here, frames) - there_and_back(there, frames))


@dataclass(frozen=True, slots=True)
class Shown:
    """How far the picture has changed over from the idle clip, at its `place`, to the one that speaks.

    `level`, 0 to `fade`, of the cross-fade's steps are taken.
    """

    place: int
    level: int = 0


def change_over(shown: Shown, is_spoken: bool, nearest: int, fade: int) -> Shown:
    """Return what is shown one tick on, while a job is on air or is not.

    The idle clip goes on as long as anything of it is seen. Nothing of it is while its place follows
    `nearest`, which is nearest in pose to the other clip: there it comes back.
    """
    level = min(shown.level + 1, fade) if is_spoken else max(shown.level - 1, 0)
    return Shown(nearest if shown.level == fade else shown.place + 1, level)


def _crossing(body: Body, fade: int) -> int:
    """Return how far the cross-fade that is under way is one tick on, 0 where none is."""
    return body.turn + 1 if 0 < body.turn < fade - 1 else 0


def is_due(position: int, planned: int, ahead_max: int) -> bool:
    """Return whether a job planned to start at `planned` starts at `position`.

    A plan further ahead than `ahead_max` was made on another timeline, and is not waited for.
    """
    return planned <= position or planned - position > ahead_max
