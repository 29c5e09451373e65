"""What is told to Prometheus of all processes. Pure; `docs/operations.md` lists it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from wire.chunks import Stage
from wire.gauges import Gauges
from wire.jobs import State
from wire.tallies import Tally
from wire.targets import Report
from wire.targets import State as TargetState
from wire.workers import Worker

TALLIES = {
    Tally.RETRIED: "Chunks that were handed out again.",
    Tally.REPLACED: "Chunks that air with the clip's own mouth.",
    Tally.FAILED: "Chunks that a worker could not render.",
    Tally.LATE: "Chunks that ended after they were given to another worker: it changes nothing.",
    Tally.REFUSED: "Chunks whose frames the frames server did not take: aired, or of an earlier epoch.",
    Tally.STALE: "Messages that came twice, or of a chunk that is another worker's by now.",
}


GAUGES = {
    "playout_lag": "How far what left the encoder lies behind the clock.",
    "buffer_ahead": "How much speech is read and not sent.",
    "sound_offset": "How much later sound comes than its picture, as encoded, in the last speech.",
}
"""Of each channel, by what `wire.gauges.Gauges` calls them but for the unit."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What the broker knows. `waiting` holds each queue's messages, `chunks` the number of them at each
    stage and worker, `streamers` whether each channel's lives, `counters` what each has counted, `gauges`
    how each stands, `targets` how those of each stand."""

    workers: Sequence[Worker]
    waiting: Mapping[str, int]
    chunks: Mapping[tuple[Stage, str], int]
    jobs: Mapping[State, int]
    tallies: Mapping[Tally, int]
    streamers: Mapping[str, bool]
    counters: Mapping[str, Mapping[str, int]]
    gauges: Mapping[str, Gauges]
    targets: Mapping[str, Sequence[Report]]


Memory = tuple[int, int]
"""Bytes that a server holds, and may hold; 0 without a bound."""


def families(broker: Broker | None, memory: Mapping[str, Memory | None]) -> Iterator[Metric]:
    """Yield all metrics; what is not known as its server does not answer is left out.

    `memory` is that of each server, None where it does not answer.
    """
    yield from _servers(memory)
    if broker:
        yield from _work(broker)
        yield from _streamers(broker)
        yield from _gauges(broker.gauges)
        yield from _targets(broker)
        for tally, told in TALLIES.items():
            yield CounterMetricFamily(f"live_{tally}", told, value=broker.tallies[tally])


def _servers(memory: Mapping[str, Memory | None]) -> Iterator[Metric]:
    known = {name: held for name, held in memory.items() if held}
    up = (((name,), float(held is not None)) for name, held in memory.items())
    yield _gauge("live_redis_up", "Whether the Redis server answers.", ["server"], up)
    used = (((name,), held[0]) for name, held in known.items())
    yield _gauge("live_redis_memory_bytes", "Memory that it holds.", ["server"], used)
    bounds = (((name,), held[1]) for name, held in known.items())
    yield _gauge("live_redis_memory_bound_bytes", "Memory that it may hold; 0 for any.", ["server"], bounds)


def _work(broker: Broker) -> Iterator[Metric]:
    alive: dict[tuple[str, ...], int] = {}
    for worker in broker.workers:
        label = (worker.role, worker.queue, worker.engine)
        alive[label] = alive.get(label, 0) + 1
    yield _gauge("live_workers", "Workers that live.", ["role", "queue", "engine"], alive.items())
    speeds = (((w.queue, w.engine), w.speed) for w in broker.workers if w.role == "render")
    told = "Frames a second that a render worker makes, as measured."
    yield _gauge("live_worker_frames_per_second", told, ["queue", "engine"], speeds)
    waiting = (((queue,), messages) for queue, messages in broker.waiting.items())
    yield _gauge("live_queue_messages", "Messages that nobody has taken.", ["queue"], waiting)
    told = "Chunks within the window, and the worker that has or did them."
    yield _gauge("live_chunks", told, ["stage", "queue"], broker.chunks.items())
    jobs = (((state,), count) for state, count in broker.jobs.items())
    yield _gauge("live_jobs", "Jobs that are known.", ["state"], jobs)


def _streamers(broker: Broker) -> Iterator[Metric]:
    up = (((channel,), float(lives)) for channel, lives in broker.streamers.items())
    yield _gauge("live_streamer_up", "Whether the channel's streamer lives.", ["channel"], up)
    for name in sorted({name for counters in broker.counters.values() for name in counters}):
        told = "As the streamer counts since its start; see its record of counters."
        family = CounterMetricFamily(f"live_streamer_{name}", told, labels=["channel"])
        for channel, counters in broker.counters.items():
            if name in counters:
                family.add_metric([channel], counters[name])
        yield family


def _gauges(gauges: Mapping[str, Gauges]) -> Iterator[Metric]:
    for name, told in GAUGES.items():
        known = (((channel,), getattr(seen, f"{name}_s")) for channel, seen in gauges.items())
        values = ((label, value) for label, value in known if value is not None)
        yield _gauge(f"live_streamer_{name}_seconds", told, ["channel"], values)


def _targets(broker: Broker) -> Iterator[Metric]:
    labels = ["channel", "target"]
    reports = {(channel, r.id): r for channel, told in broker.targets.items() for r in told}
    up = ((label, float(report.state is TargetState.CONNECTED)) for label, report in reports.items())
    yield _gauge("live_target_up", "Whether the target takes the stream.", labels, up)
    again = CounterMetricFamily("live_target_reconnects", "Times that it was connected again.", labels=labels)
    told = "Groups of pictures that it did not get, because it was slow."
    dropped = CounterMetricFamily("live_target_groups_dropped", told, labels=labels)
    for label, report in reports.items():
        again.add_metric(label, report.reconnects)
        dropped.add_metric(label, report.groups_dropped)
    yield from (again, dropped)


def _gauge(
    name: str, told: str, labels: Sequence[str], values: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = GaugeMetricFamily(name, told, labels=labels)
    for label, value in values:
        family.add_metric(label, value)
    return family
