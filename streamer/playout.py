"""What goes on air next. Pure: no clock, thread or I/O; the daemon calls these once a tick."""

from dataclasses import dataclass, replace
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
    READY = auto()
    """It is to be sent now, and is here."""


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
    """

    position: int
    turn: int = 0


def move(body: Body, wanted: int | None, frames: int, fade: int) -> Body:
    """Return the body one tick on.

    Args:
        body: what was sent last.
        wanted: the position that the next picture was made for; None lets the body go on.
        frames: of the clip.
        fade: ticks that a cross-fade takes, its last one all new.
    Returns:
        A body at `wanted`, or at a later position that shows the same frame going the same way: positions
        never fall. Where that is another frame than the one that was next, a cross-fade starts.
    """
    onward = body.position + 1
    crossing = body.turn + 1 if 0 < body.turn < fade - 1 else 0
    gone_on = Body(onward, crossing)
    if wanted is None:
        return gone_on
    position = onward + (wanted - onward) % period(frames)
    if there_and_back(position, frames) == there_and_back(onward, frames):
        return replace(gone_on, position=position)
    return Body(position, 1 if fade > 1 else 0)


def is_due(position: int, planned: int, ahead_max: int) -> bool:
    """Return whether a job planned to start at `planned` starts at `position`.

    A plan further ahead than `ahead_max` was made on another timeline, and is not waited for.
    """
    return planned <= position or planned - position > ahead_max
