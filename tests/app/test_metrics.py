"""One scrape of the API tells of all processes."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from app import metrics
from app.parts import Parts
from tests.app.conftest import Hearts
from tests.app.test_jobs import put
from tests.conftest import free_port
from wire import channels, connection, gauges, keys, targets, workers
from wire.channels import Channel
from wire.chunks import Row, Stage
from wire.gauges import Gauges
from wire.jobs import State
from wire.tallies import Tally
from wire.targets import Report
from wire.targets import State as TargetState
from wire.workers import Worker

MAIN = Channel("main", "avatar", 10, 64, 36, 0)
PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(client: FlaskClient) -> Samples:
    answer = client.get("/metrics")
    assert (answer.status_code, answer.mimetype) == (200, "text/plain")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


def test_workers_are_told_by_queue_and_engine_with_what_waits_for_them(
    client: FlaskClient, broker: Redis
) -> None:
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 80.0), "test")
    broker.persist(keys.worker("gpu.h.0"))
    broker.lpush("gpu.h.0", "message")
    seen = scraped(client)
    assert value(seen, "live_workers", role="render", queue="gpu.h.0", engine="viseme") == 1
    assert value(seen, "live_worker_frames_per_second", queue="gpu.h.0", engine="viseme") == 80
    assert value(seen, "live_queue_messages", queue="gpu.h.0") == 1
    assert value(seen, "live_queue_messages", queue="prepare") == 0
    assert value(seen, "live_workers", role="dispatch", queue="dispatch", engine="") == 1


def test_chunks_are_told_by_stage_and_worker_and_jobs_by_state(client: FlaskClient, broker: Redis) -> None:
    job = put(broker, 1, state=State.RENDERING)
    put(broker, 2)
    broker.hset(keys.job(job.id), "frames", 60)
    for chunk, stage in enumerate((Stage.DONE, Stage.RUNNING, Stage.RUNNING)):
        broker.hset(keys.chunks(job.id), str(chunk), Row(stage, 1, "gpu.h.0", 0).to_json())
    seen = scraped(client)
    assert value(seen, "live_chunks", stage="running", queue="gpu.h.0") == 2
    assert value(seen, "live_chunks", stage="done", queue="gpu.h.0") == 1
    assert [value(seen, "live_jobs", state=state) for state in State] == [
        {State.RENDERING: 1, State.QUEUED: 1}.get(state, 0) for state in State
    ]


def test_what_was_mended_is_counted(client: FlaskClient, broker: Redis) -> None:
    for number, tally in enumerate(Tally, 1):
        broker.hset(keys.TALLIES, tally, number)
    seen = scraped(client)
    assert [value(seen, f"live_{tally}_total") for tally in Tally] == list(range(1, len(Tally) + 1))


def test_streamer_is_told_with_its_own_counters(client: FlaskClient, broker: Redis, hearts: Hearts) -> None:
    channels.report_counters(broker, MAIN, {"ticks_late": 7})
    seen = scraped(client)
    assert value(seen, "live_streamer_up", channel="main") == 1
    assert value(seen, "live_streamer_ticks_late_total", channel="main") == 7
    hearts.fall_silent("main")
    assert value(scraped(client), "live_streamer_up", channel="main") == 0


def test_streamer_is_told_with_how_it_stands_so_far_as_that_is_known(
    client: FlaskClient, broker: Redis
) -> None:
    gauges.report(broker, MAIN, Gauges(playout_lag_s=0.12, sound_offset_s=-0.003))
    seen = scraped(client)
    assert value(seen, "live_streamer_playout_lag_seconds", channel="main") == 0.12
    assert value(seen, "live_streamer_sound_offset_seconds", channel="main") == -0.003
    assert value(seen, "live_streamer_buffer_ahead_seconds", channel="main") is None


def test_each_target_is_told_with_what_it_lost(client: FlaskClient, broker: Redis) -> None:
    up = Report("hls", "hls", "", True, TargetState.CONNECTED)
    down = Report("a1", "rtmp", "rtmp://h/live/…", False, TargetState.CONNECTING, 0.0, 3, 4, "refused")
    targets.report(broker, "main", [up, down], 0)
    seen = scraped(client)
    assert value(seen, "live_target_up", channel="main", target="hls") == 1
    assert value(seen, "live_target_up", channel="main", target="a1") == 0
    assert value(seen, "live_target_reconnects_total", channel="main", target="a1") == 3
    assert value(seen, "live_target_groups_dropped_total", channel="main", target="a1") == 4


def test_memory_is_told_against_its_bound(client: FlaskClient, broker: Redis) -> None:
    seen = scraped(client)
    for server in ("broker", "frames"):
        assert value(seen, "live_redis_up", server=server) == 1
        assert value(seen, "live_redis_memory_bound_bytes", server=server) == connection.memory(broker)[1]
        held = value(seen, "live_redis_memory_bytes", server=server)
        assert held
        assert held > 100_000


@pytest.mark.parametrize("down", ["broker", "frames"])
def test_a_server_that_is_down_is_told_and_hides_nothing_of_the_other(
    client: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch, down: str
) -> None:
    gone = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 1.0)
    with monkeypatch.context() as patch:
        patch.setitem(vars(parts), down, gone)
        seen = scraped(client)
    up = {"broker": 1, "frames": 1} | {down: 0}
    assert {server: value(seen, "live_redis_up", server=server) for server in up} == up
    assert (value(seen, "live_jobs", state="queued") is None) == (down == "broker")


def test_every_metric_is_documented_with_its_labels_and_no_other(client: FlaskClient, broker: Redis) -> None:
    channels.report_counters(broker, MAIN, {"ticks_late": 7})
    gauges.report(broker, MAIN, Gauges(*[0.1] * len(fields(Gauges))))
    job = put(broker, 1, state=State.RENDERING)
    broker.hset(keys.job(job.id), "frames", 60)
    broker.hset(keys.chunks(job.id), "0", Row(Stage.SENT, 1, "gpu.h.0", 0).to_json())
    targets.report(broker, "main", [Report("hls", "hls", "", True, TargetState.CONNECTED)], 0)
    made = {
        (re.sub("ticks_late", "<counter>", name), frozenset(label for label, _ in labels))
        for name, labels in scraped(client)
    }
    rows = re.findall(r"^\| `(live_[^`]+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert {(name, frozenset(re.findall(r"`(\w+)`", labels))) for name, labels in rows} == made
    assert set(metrics.TALLIES) == set(Tally)
    assert {f"{name}_s" for name in metrics.GAUGES} == {field.name for field in fields(Gauges)}
