"""What a dispatch worker believes of the frames server is what it saw and did, unless the broker tells of more."""

from dataclasses import replace

import pytest
from redis import Redis

from wire import connection, keys, supply
from wire.jobs import Job, State
from wire.supply import Fence
from workers.stock import Asked, Stock

JOB = Job("j", "main", State.RENDERING, 0, frames=100, epoch=3, chunks_sent=2)
DONE = [4, 5]


@pytest.fixture
def stock(frames: Redis) -> Stock:
    """Return one that has seen the job's fence, and chunk 4."""
    supply.raise_fence(frames, "j", 3, 4)
    for name in (keys.frames("j", 4), keys.heard("j")):
        frames.xadd(name, {"head": "made"}) if "frames" in name else frames.hset(name, "7", "made")
    stock = Stock()
    stock.fences(frames, asked(), True)
    return stock


def asked(job: Job = JOB) -> Asked:
    return {job.id: (job, DONE)}


def test_look_tells_what_is_there(stock: Stock, frames: Redis) -> None:
    seen = stock.fences(frames, asked(), True)
    assert seen == {"j": Fence(3, 4, frozenset({4}), frozenset({7}))}
    assert stock.held[1] == connection.memory(frames)[1]
    assert stock.held[0] > 100_000


def test_between_two_looks_what_is_done_is_believed_to_be_there_and_what_was_laid(
    stock: Stock, frames: Redis
) -> None:
    frames.flushall()
    stock.laid("j", [8, 9], [7])
    assert stock.fences(frames, asked(), False) == {"j": Fence(3, 4, frozenset(DONE), frozenset({8, 9}))}
    assert stock.fences(frames, asked(), True) == {}


def test_fence_that_was_raised_is_known(stock: Stock, frames: Redis) -> None:
    stock.raised("k", 0, 2)
    known = stock.fences(frames, {"k": (replace(JOB, id="k", epoch=0), [])}, False)
    assert known == {"k": Fence(0, 2, frozenset())}


@pytest.mark.parametrize(
    "job", [replace(JOB, id="new"), replace(JOB, epoch=4)], ids=["unknown", "begun again by another"]
)
def test_where_the_broker_tells_of_something_else_it_looks(stock: Stock, frames: Redis, job: Job) -> None:
    supply.raise_fence(frames, job.id, 4, 6)
    assert stock.fences(frames, asked(job), False)[job.id].chunk == 6


def test_job_without_a_fence_is_looked_at_again_once_it_has_begun(stock: Stock, frames: Redis) -> None:
    waiting = replace(JOB, id="k", epoch=0, chunks_sent=0)
    assert stock.fences(frames, asked(waiting), False) == {}
    supply.raise_fence(frames, "k", 0, 1)
    assert stock.fences(frames, asked(waiting), False) == {}
    assert stock.fences(frames, asked(replace(waiting, chunks_sent=1)), False)["k"].chunk == 1


def test_what_is_in_doubt_is_looked_at(stock: Stock, frames: Redis) -> None:
    frames.flushall()
    stock.doubt("j")
    assert stock.fences(frames, asked(), False) == {}
