"""A worker's heart: beats while it lives, ends the worker whose name is taken, rides out a lost Redis."""

import os
import signal
import time
from collections.abc import Callable
from ctypes import c_bool
from multiprocessing import get_context
from multiprocessing.sharedctypes import RawValue
from threading import Event

import pytest
from celery.signals import worker_shutting_down
from redis import ConnectionError as RedisConnectionError
from redis import Redis

from wire import keys, workers
from wire.workers import Worker
from workers import ending, heartbeat
from workers.heartbeat import Heartbeat


def heart(broker: Redis, owner: str = "me") -> Heartbeat:
    return Heartbeat(broker, "gpu.h.0", "render", "gpu.h.0", owner)


def until(condition: Callable[[], bool], bound_s: float = 60.0) -> bool:
    end = time.monotonic() + bound_s
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def test_heart_tells_what_the_worker_learns_and_says_goodbye(broker: Redis) -> None:
    heart_ = heart(broker)
    heart_.start()
    assert until(lambda: [w.speed for w in workers.live(broker)] == [0.0])
    heart_.tell(device="cpu", engine="viseme", speed=80.0)
    assert until(
        lambda: (
            workers.live(broker)
            == [Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 80.0, heart_.life)]
        )
    )
    heart_.stop()
    assert workers.live(broker) == []


def test_worker_whose_name_is_taken_is_ended(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = Event()
    killed: list[tuple[int, int]] = []

    def kill(pid: int, number: int) -> None:
        killed.append((pid, number))
        ended.set()

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(heartbeat, "BEAT_S", 0.02)
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0"), "another")
    broker.persist(keys.worker("gpu.h.0"))
    heart(broker).start()
    assert ended.wait(30)
    assert killed == [(os.getppid(), signal.SIGTERM)]  # Celery's main process


def test_name_of_a_worker_that_died_is_taken_over(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("ended a worker that could have its name"))
    workers.beat(broker, Worker("gpu.h.0", "render", "gpu.h.0", speed=1.0), "dead")
    heart_ = heart(broker)
    heart_.start()
    assert until(lambda: [w.speed for w in workers.live(broker)] == [0.0])
    heart_.stop()


def test_lost_redis_does_not_stop_the_heart(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    beats = 0
    real = workers.beat

    def failing(client: Redis, worker: Worker, owner: str) -> bool:
        nonlocal beats
        beats += 1
        if beats < 3:
            raise RedisConnectionError("gone")
        return real(client, worker, owner)

    monkeypatch.setattr(workers, "beat", failing)
    heart_ = heart(broker)
    heart_.start()
    assert until(lambda: bool(workers.live(broker)))
    heart_.stop()


def test_worker_that_is_late_with_its_task_counts_as_dead_until_it_is_done(broker: Redis) -> None:
    heart_ = heart(broker)
    heart_.start()
    assert until(lambda: bool(workers.live(broker)))
    with heart_.busy(for_s=0.0):
        assert until(lambda: not workers.live(broker))
    assert until(lambda: bool(workers.live(broker)))
    heart_.stop()


def test_process_whose_task_hangs_is_ended(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HUNG_S", 0.1)
    process = get_context("fork").Process(target=hang, args=(broker,))
    process.start()
    process.join(30)
    assert process.exitcode == os.EX_UNAVAILABLE


def hang(broker: Redis) -> None:
    heart_ = heart(broker)
    heart_.start()
    with heart_.busy(for_s=0.1):
        Event().wait()


def test_worker_that_is_asked_to_end_says_so_and_lives_on(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_asked", RawValue(c_bool, False))
    heart_ = heart(broker)
    heart_.start()
    assert until(lambda: len(workers.serving(broker)) == 1)
    worker_shutting_down.send(None, sig="TERM")
    assert until(lambda: [worker.is_ending for worker in workers.live(broker)] == [True])
    assert workers.serving(broker) == []
    heart_.stop()
