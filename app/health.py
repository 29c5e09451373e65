"""Whether this process is alive, and whether all that a job needs is there."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace

from flask import Blueprint, Response, jsonify
from redis import Redis, RedisError

from app.errors import NotReadyError, answer
from app.parts import Parts, parts
from wire import channels, workers
from wire.connection import now_ms

routes = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """Which parts answer: the two Redis servers, a worker of each role, the channel's streamer."""

    redis: bool = False
    frames: bool = False
    prepare: bool = False
    dispatch: bool = False
    render: bool = False
    streamer: bool = False

    @property
    def missing(self) -> list[str]:
        return [part.name for part in fields(self) if not getattr(self, part.name)]


@routes.get("/health")
def health() -> Response:
    return jsonify(status="alive")


@routes.get("/ready")
def ready() -> Response:
    state = look(parts())
    record = {"ready": not state.missing, **asdict(state)}
    if not state.missing:
        return jsonify(record)
    refusal = answer(NotReadyError(f"Missing: {', '.join(state.missing)}."))
    refusal.set_data(jsonify(record | refusal.get_json()).get_data())
    return refusal


def look(have: Parts) -> Readiness:
    """Ask both servers at once; what depends on one that does not answer counts as missing."""
    with ThreadPoolExecutor(1) as aside:
        frames = aside.submit(_answers, have.frames)
        try:
            state = _look_at_broker(have)
        except RedisError:
            state = Readiness()
        return replace(state, frames=frames.result())


def _look_at_broker(have: Parts) -> Readiness:
    roles = {worker.role for worker in workers.serving(have.broker)}
    channel = channels.load(have.broker, have.settings.channel)
    streamer = channel is not None and channel.is_live(now_ms(have.broker))
    alive = {role: role in roles for role in workers.ROLES}
    return Readiness(redis=True, streamer=streamer, **alive)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False
