"""Workers' heartbeats: who is alive, for which queue, how fast."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import lru_cache

from redis import Redis

from wire import keys, scripts
from wire.connection import Call, script, scripts_at_once

BEAT_S = 0.5
"""Time between two heartbeats."""
DEAD_S = 2.0
"""A worker not heard of for so long is dead."""

ROLES = ("prepare", "dispatch", "render")


@dataclass(frozen=True, slots=True)
class Worker:
    """One live worker. `speed` is in frames a second, 0 for roles that render nothing.

    `engine` is the engine's name, and, where it has weights, behind an `@` what tells them from others: a job
    is not begun with one model and gone on with by another.

    `life` tells its process from one that went by the same name before. One that `is_ending` ends what it is
    at, and takes nothing more.
    """

    name: str
    role: str
    queue: str
    device: str = ""
    engine: str = ""
    speed: float = 0.0
    life: str = ""
    is_ending: bool = False


def family(engine: str) -> str:
    """Return the name of an engine, without its weights."""
    return engine.partition("@")[0]


def beat(broker: Redis, worker: Worker, owner: str) -> bool:
    """Say that `worker` lives; False if another `owner` already goes by that name."""
    record = json.dumps({**asdict(worker), "owner": owner})
    ttl_ms = str(int(DEAD_S * 1000))
    names = [keys.worker(worker.name), keys.WORKERS]
    return bool(script(broker, scripts.BEAT, names, owner, ttl_ms, worker.name, record) == 1)


def leave(broker: Redis, name: str, owner: str) -> None:
    """Say that `owner`'s worker has ended, so that nobody waits for its heartbeat to stop."""
    script(broker, scripts.LEAVE, [keys.worker(name), keys.WORKERS], owner, name)


def live(broker: Redis) -> list[Worker]:
    """Return the live workers, by name; names whose heartbeat stopped are forgotten."""
    return parse(*scripts_at_once(broker, LIVE))


def parse(found: list[str]) -> list[Worker]:
    """Return the workers whose records those are, by name."""
    return sorted(map(_parse, found), key=lambda worker: worker.name)


def serving(broker: Redis) -> list[Worker]:
    """Return the live workers that take work."""
    return takers(live(broker))


def takers(found: Iterable[Worker]) -> list[Worker]:
    """Return those that take work."""
    return [worker for worker in found if not worker.is_ending]


LIVE = Call(scripts.LIVE, [keys.WORKERS], [keys.worker("")])
"""What asks for the records of the live workers."""


_FIELDS = {field.name for field in fields(Worker)}


@lru_cache(maxsize=1024)
def _parse(record: str) -> Worker:
    """Return a worker; most are as they were when they were last read.

    Those of a later version may tell more.
    """
    return Worker(**{name: value for name, value in json.loads(record).items() if name in _FIELDS})
