"""One look at both servers, for Prometheus: it tells of all processes, so none has a port of its own."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from app.metrics import Broker, Memory, families
from app.parts import parts
from wire import channels, connection, gauges, jobs, lineup, tallies, targets, workers
from wire.connection import now_ms
from wire.media import FPS

routes = Blueprint("metrics", __name__)


class Scrape(Collector):
    """What was seen, as prometheus_client takes it."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self.metrics = metrics

    def collect(self) -> Sequence[Metric]:
        return self.metrics


@routes.get("/metrics")
def metrics() -> Response:
    have = parts()
    with ThreadPoolExecutor(1) as aside:
        frames = aside.submit(_memory, have.frames)
        broker = _look(have.broker, int(have.settings.window_s * FPS))
        memory = {"broker": _memory(have.broker) if broker else None, "frames": frames.result()}
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Scrape(list(families(broker, memory))))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _memory(server: Redis) -> Memory | None:
    try:
        return connection.memory(server)
    except RedisError:
        return None


def _look(broker: Redis, window_frames: int) -> Broker | None:
    """Return what the broker knows; None where it does not answer."""
    try:
        alive = workers.live(broker)
        lines = lineup.read(broker, window_frames)
        now = now_ms(broker)
        return Broker(
            alive,
            _waiting(broker, sorted({worker.queue for worker in alive})),
            Counter(
                (row.stage, row.worker) for line in lines for _, rows in line.jobs for row in rows.values()
            ),
            jobs.states(broker),
            tallies.read(broker),
            {line.channel.name: line.channel.is_live(now) for line in lines},
            {line.channel.name: channels.counters(broker, line.channel.name) for line in lines},
            {line.channel.name: gauges.load(broker, line.channel.name) for line in lines},
            {line.channel.name: targets.reports(broker, line.channel.name) for line in lines},
        )
    except RedisError:
        return None


def _waiting(broker: Redis, queues: Sequence[str]) -> dict[str, int]:
    with broker.pipeline(transaction=False) as pipe:
        for queue in queues:
            pipe.llen(queue)
        return dict(zip(queues, pipe.execute(), strict=True))
