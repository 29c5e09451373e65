"""A dispatch pass's turn at the broker: one look at all that it decides on, one step that carries it out."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from wire import keys, lineup, scripts, workers
from wire.connection import script
from wire.lineup import Lineup
from wire.workers import Worker

Command = Sequence[str]
"""A Redis command with its arguments."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the broker knew at `now_ms` of its clock, when `turn` was had."""

    turn: str
    now_ms: int
    workers: Sequence[Worker]
    lineups: Sequence[Lineup]


def look(broker: Redis, frames: int) -> Look:
    """Return the live workers, and what airs next on each channel: at least the next `frames`."""
    names = [keys.TURN, keys.WORKERS, keys.CHANNELS]
    asked = (keys.worker(""), str(frames), *lineup.HEADS)
    turn, seconds, micros, live, lines = script(broker, scripts.LOOK, names, *asked)
    now_ms = int(seconds) * 1000 + int(micros) // 1000
    return Look(turn, now_ms, workers.parse(live), lineup.parse(lines))


def commit(broker: Redis, turn: str, commands: Sequence[Command]) -> bool:
    """Carry out `commands` in one step; False, and none of them, if another had its turn since the look."""
    told = [part for command in commands for part in (str(len(command)), *command)]
    return bool(script(broker, scripts.COMMIT, [keys.TURN], turn, *told) == 1)
