"""Heartbeats: who is heard is alive; a name has one owner."""

import json

import pytest
from redis import Redis

from wire import keys, workers
from wire.workers import Worker

WORKER = Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 104.5)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heart that beat once is heard for as long as a test may take on a busy machine."""
    monkeypatch.setattr(workers, "DEAD_S", 60.0)


def test_worker_is_alive_as_long_as_its_heart_beats(broker: Redis) -> None:
    assert workers.beat(broker, WORKER, "me")
    assert workers.live(broker) == [WORKER]
    assert 0 < int(broker.pttl(keys.worker("gpu.h.0"))) <= workers.DEAD_S * 1000
    broker.delete(keys.worker("gpu.h.0"))  # as its time-out does
    assert workers.live(broker) == []
    assert broker.smembers(keys.WORKERS) == set()


def test_name_belongs_to_one_owner_until_its_heart_stops(broker: Redis) -> None:
    workers.beat(broker, WORKER, "me")
    assert not workers.beat(broker, WORKER, "another")
    workers.leave(broker, WORKER.name, "another")
    assert workers.live(broker) == [WORKER]
    workers.leave(broker, WORKER.name, "me")
    assert workers.live(broker) == []
    assert workers.beat(broker, WORKER, "another")


def test_worker_of_a_later_version_is_one_like_others(broker: Redis) -> None:
    workers.beat(broker, WORKER, "me")
    record = json.loads(str(broker.get(keys.worker(WORKER.name))))
    broker.set(keys.worker(WORKER.name), json.dumps(record | {"later": "told"}))
    assert workers.live(broker) == [WORKER]
