"""A Redis over its `maxmemory` can still be emptied: what forgets is never refused for want of memory."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError

from tests.laid import lay_sound
from tests.wire.test_batches import batch
from wire import channels, jobs, keys, leases, supply, workers
from wire.batches import Patch
from wire.channels import Channel
from wire.jobs import Job, State
from wire.leases import Lease
from wire.workers import Worker

LARGE = Patch(0, 0, np.full((1536, 1024), 7, np.uint8))


ROOM_BYTES = 4 * 2**20
"""More than the servers' buffers take in these tests, and half of what they are filled with."""


@contextmanager
def full(client: Redis) -> Iterator[None]:
    """Let the server, which evicts nothing, hold `ROOM_BYTES`."""
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    before = str(client.config_get("maxmemory")["maxmemory"])
    client.config_set("maxmemory", int(client.info("memory")["used_memory_startup"]) + ROOM_BYTES)
    try:
        yield
    finally:
        client.config_set("maxmemory", before)


def lay_ballast(client: Redis) -> None:
    """Have the server hold twice `ROOM_BYTES` more."""
    for _ in range(2 * ROOM_BYTES // 2**14):  # what one call sends stays in the server's buffer for a while
        client.rpush("ballast", bytes(2**14))


def await_room(client: Redis) -> None:
    """Wait for what the server holds while it rewrites its append-only file."""
    end = time.monotonic() + 60
    while int(client.info("memory")["used_memory"]) > ROOM_BYTES and time.monotonic() < end:
        pass


def test_streamer_empties_a_full_frames_server(frames: Redis) -> None:
    aired = batch(LARGE, chunk=1, batch=0)
    supply.raise_fence(frames, "j", 0, 0)
    for n in range(6):
        supply.append(frames, replace(aired, batch=n))
    lay_sound(frames, "j", 1)
    frames.script_flush()  # as on a server that never heard of the script
    with full(frames):
        with pytest.raises(OutOfMemoryError):
            supply.append(frames, replace(aired, batch=6))
        supply.advance_fence(frames, "j", 2, 0)
        assert sorted(frames.keys("*")) == [keys.fence("j").encode(), keys.heard("j").encode()]
        await_room(frames)
        assert supply.append(frames, batch(chunk=2, batch=0)) == 1
    fence = supply.look(frames, {"j": []})[0].get("j")
    assert fence is not None
    assert fence.chunk == 2


def test_job_ends_on_a_full_broker(broker: Redis) -> None:
    job = Job("a", "main", State.ON_AIR, 1000)
    jobs.admit(broker, job, 5)
    broker.hset(keys.chunks("a"), "0", "{}")
    lay_ballast(broker)
    with full(broker):
        with pytest.raises(OutOfMemoryError):
            jobs.admit(broker, replace(job, id="b"), 5)
        assert jobs.move(broker, job, State.DONE, 60)
    assert jobs.playlist(broker, "main") == []
    assert not broker.exists(keys.chunks("a"))
    ended = jobs.load(broker, "a")
    assert ended is not None
    assert ended.state is State.DONE


def test_heart_beats_on_at_a_full_broker(broker: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "DEAD_S", 60.0)  # the next beat may be late on a busy machine
    worker = Worker("gpu.h.0", "render", "gpu.h.0", "cpu", "viseme", 25.0)
    assert workers.beat(broker, worker, "me")
    lay_ballast(broker)
    with full(broker):
        assert workers.beat(broker, replace(worker, speed=50.0), "me")
        assert not workers.beat(broker, worker, "another")
    assert workers.live(broker) == [replace(worker, speed=50.0)]


def test_full_broker_still_hears_who_sends_a_channel_and_lets_another_take_it(broker: Redis) -> None:
    leases.take(broker, "main", "a", Lease(), 1)
    channel = Channel("main", "avatar", 10, 64, 36, 100, epoch=1)
    channels.report(broker, channel)
    lay_ballast(broker)
    with full(broker):
        leases.renew(broker, "main", "a", 1)
        channels.report(broker, replace(channel, position=105))
        assert leases.take(broker, "main", "b", leases.load(broker, "main"), 2)
    assert leases.load(broker, "main").holder == "b"
