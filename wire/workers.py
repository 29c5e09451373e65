"""Workers' heartbeats: who is alive, for which queue, how fast."""

from dataclasses import dataclass

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
    record = ["role", worker.role, "queue", worker.queue, "device", worker.device]
    record += ["engine", worker.engine, "speed", f"{worker.speed:.3f}", "life", worker.life]
    record += ["ending", str(int(worker.is_ending))]
    ttl_ms = str(int(DEAD_S * 1000))
    names = [keys.worker(worker.name), keys.WORKERS]
    return bool(script(broker, scripts.BEAT, names, owner, ttl_ms, worker.name, *record) == 1)


def leave(broker: Redis, name: str, owner: str) -> None:
    """Say that `owner`'s worker has ended, so that nobody waits for its heartbeat to stop."""
    script(broker, scripts.LEAVE, [keys.worker(name), keys.WORKERS], owner, name)


def live(broker: Redis) -> list[Worker]:
    """Return the live workers, by name; names whose heartbeat stopped are forgotten."""
    return parse(*scripts_at_once(broker, LIVE))


def parse(found: list[list[str]]) -> list[Worker]:
    """Return the workers of `LIVE`'s answer."""
    return [_parse(*told) for told in sorted(found)]


def serving(broker: Redis) -> list[Worker]:
    """Return the live workers that take work."""
    return [worker for worker in live(broker) if not worker.is_ending]


_TOLD = ("role", "queue", "device", "engine", "speed", "life", "ending")
"""The fields of a heartbeat, in the order of `Worker`'s."""

LIVE = Call(scripts.LIVE, [keys.WORKERS], [keys.worker(""), *_TOLD])
"""What asks for the live workers."""


def _parse(
    name: str, role: str, queue: str, device: str, engine: str, speed: str, life: str, ending: str
) -> Worker:
    return Worker(name, role, queue, device, engine, float(speed), life, ending == "1")
