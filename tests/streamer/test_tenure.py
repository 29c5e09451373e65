"""One streamer holds a channel; another stands by, and takes over when it has to."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from redis import Redis

from streamer.counters import Counters
from streamer.tenure import Tenure
from streamer.watch import LEASE_S
from tests.conftest import free_port
from wire import connection, leases


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds, that streamers see."""
    clock = [100.0]
    monkeypatch.setattr("streamer.tenure.monotonic", lambda: clock[0])
    return clock


def tenure(broker: Redis) -> Tenure:
    return Tenure(broker, "main", Counters())


def away() -> Redis:
    return connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)


@contextmanager
def running(one: Tenure) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def epoch(one: Tenure) -> int | None:
    return one.wait(0)


@pytest.mark.usefixtures("clock")
def test_first_streamer_holds_its_channel_at_once_and_the_second_stands_by(broker: Redis) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    second.ask()
    assert (epoch(first), epoch(second)) == (1, None)


def test_standby_takes_over_when_the_holder_is_not_heard_of(broker: Redis, clock: list[float]) -> None:
    counters = Counters()
    first, second = tenure(broker), Tenure(broker, "main", counters)
    first.ask()
    second.ask()
    clock[0] += 0.99 * LEASE_S
    second.ask()
    assert epoch(second) is None
    clock[0] += 0.02 * LEASE_S
    second.ask()
    assert (epoch(second), counters.takeovers) == (2, 1)


def test_holder_that_stood_still_asks_and_finds_that_it_was_deposed(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    second.ask()
    clock[0] += LEASE_S
    second.ask()
    assert first.holds(1, has_stalled=False)
    assert not first.holds(1, has_stalled=True)
    assert second.holds(2, has_stalled=True)


def test_deposed_holder_stands_by_and_does_not_take_the_channel_back_from_one_that_lives(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    second.ask()
    clock[0] += LEASE_S
    second.ask()
    for _ in range(20):
        clock[0] += 0.3 * LEASE_S
        second.ask()
        first.ask()
    assert (epoch(first), epoch(second)) == (None, 2)
    clock[0] += LEASE_S
    first.ask()
    assert epoch(first) == 3


def test_holder_goes_on_while_the_broker_is_away_and_the_standby_waits(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    second.ask()
    there, gone = broker.connection_pool, away().connection_pool
    broker.connection_pool = gone
    for _ in range(3):
        clock[0] += LEASE_S
        first.ask()
        second.ask()
    assert first.holds(1, has_stalled=True)
    broker.connection_pool = there
    second.ask()
    first.ask()
    assert (epoch(first), epoch(second)) == (1, None)


def test_wiped_broker_deposes_nobody(broker: Redis, clock: list[float]) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    second.ask()
    broker.flushdb()
    clock[0] += 0.5 * LEASE_S
    second.ask()
    first.ask()
    clock[0] += 0.5 * LEASE_S
    second.ask()
    assert (epoch(first), epoch(second)) == (1, None)
    assert leases.load(broker, "main").epoch == 1


@pytest.mark.usefixtures("clock")
def test_streamer_started_without_a_broker_sends_until_it_hears_of_another(broker: Redis) -> None:
    first, late = tenure(broker), tenure(away())
    first.ask()
    late.ask()
    assert epoch(late) == 0
    late._broker = broker
    late.ask()
    assert (epoch(first), epoch(late)) == (1, None)


@pytest.mark.usefixtures("clock")
def test_streamer_started_without_a_broker_holds_its_channel_when_it_comes(broker: Redis) -> None:
    first, second = tenure(away()), tenure(broker)
    first.ask()
    first._broker = broker
    first.ask()
    second.ask()
    assert (epoch(first), epoch(second)) == (0, None)


def test_streamer_that_ends_lets_its_channel_go_at_once(broker: Redis) -> None:
    first, second = tenure(broker), tenure(broker)
    with running(first):
        assert first.wait(10) == 1
        second.ask()
        assert epoch(second) is None
    second.ask()
    assert epoch(second) == 2
