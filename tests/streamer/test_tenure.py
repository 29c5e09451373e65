"""One streamer holds a channel; another stands by, and takes over when it has to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from redis import Redis

from streamer.counters import Counters
from streamer.tenure import ANSWER_S, Tenure, Term
from streamer.watch import LEASE_S, MISSING_S
from tests.conftest import free_port
from tests.streamer.conftest import wait_until
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


def term(one: Tenure) -> Term:
    present = one.wait(0)
    assert present is not None
    return present


def epoch(one: Tenure) -> int | None:
    present = one.wait(0)
    return None if present is None else present.epoch


def begin(one: Tenure, clock: list[float]) -> None:
    """Have it take a lease that nobody has."""
    one.ask()
    clock[0] += 1.01 * MISSING_S
    one.ask()


def test_first_streamer_holds_its_channel_and_the_second_stands_by(broker: Redis, clock: list[float]) -> None:
    first, second = tenure(broker), tenure(broker)
    first.ask()
    assert epoch(first) is None, "a holder may live that a wiped broker has forgotten"
    begin(first, clock)
    second.ask()
    assert (epoch(first), epoch(second)) == (1, None)


def test_standby_takes_over_when_the_holder_is_not_heard_of(broker: Redis, clock: list[float]) -> None:
    counters = Counters()
    first, second = tenure(broker), Tenure(broker, "main", counters)
    begin(first, clock)
    second.ask()
    clock[0] += 0.99 * LEASE_S
    second.ask()
    assert epoch(second) is None
    clock[0] += 0.02 * LEASE_S
    second.ask()
    assert (epoch(second), counters.takeovers) == (2, 1)


def test_holder_that_stood_still_asks_and_finds_that_it_was_deposed(
    broker: Redis, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.tenure.ANSWER_S", 10.0)
    monkeypatch.setattr("streamer.tenure.BEAT_S", 2.0)
    first, second = tenure(broker), tenure(broker)
    begin(first, clock)
    second.ask()
    clock[0] += LEASE_S
    with running(first):
        assert first.holds(term(first), has_stalled=True)
        before = term(first)
        leases.take(broker, "main", "second", leases.load(broker, "main"), 2)
        assert first.holds(before, has_stalled=False)
        assert not first.holds(before, has_stalled=True)


def test_holder_that_stood_still_does_not_wait_for_a_broker_that_hangs(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked, answers = tenure(away()), Event(), Event()
    one.ask()

    def hang() -> None:
        asked.set()
        answers.wait(60)

    monkeypatch.setattr(one, "ask", hang)
    with running(one):
        asked.wait(60)
        began = time.monotonic()
        assert one.holds(term(one), has_stalled=True)
        assert ANSWER_S <= time.monotonic() - began < 10 * ANSWER_S
        answers.set()
    assert clock == [100.0]


def test_deposed_holder_stands_by_and_does_not_take_the_channel_back_from_one_that_lives(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(broker), tenure(broker)
    begin(first, clock)
    second.ask()
    before = term(first)
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
    assert not first.holds(before, has_stalled=False), "it is another term"


def test_holder_goes_on_while_the_broker_is_away_and_the_standby_waits(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(broker), tenure(broker)
    begin(first, clock)
    second.ask()
    there, gone = broker.connection_pool, away().connection_pool
    broker.connection_pool = gone
    for _ in range(3):
        clock[0] += LEASE_S
        first.ask()
        second.ask()
    assert first.holds(term(first), has_stalled=False)
    broker.connection_pool = there
    second.ask()
    first.ask()
    assert (epoch(first), epoch(second)) == (1, None)


def test_wiped_broker_deposes_nobody(broker: Redis, clock: list[float]) -> None:
    first, second, new = tenure(broker), tenure(broker), tenure(broker)
    begin(first, clock)
    second.ask()
    broker.flushdb()
    second.ask()
    new.ask()
    clock[0] += 0.99 * MISSING_S
    second.ask()
    new.ask()
    first.ask()
    clock[0] += MISSING_S
    second.ask()
    new.ask()
    assert (epoch(first), epoch(second), epoch(new)) == (1, None, None)
    assert leases.load(broker, "main").epoch == 1


def test_streamer_started_without_a_broker_sends_until_it_hears_of_one_that_lives(
    broker: Redis, clock: list[float]
) -> None:
    first, late = tenure(broker), tenure(away())
    begin(first, clock)
    late.ask()
    late._broker = broker
    late.ask()
    assert epoch(late) == 0, "the holder may be dead"
    await_later(broker)
    first.ask()
    late.ask()
    assert (epoch(first), epoch(late)) == (1, None)


def test_streamer_started_without_a_broker_takes_over_from_a_dead_holder_and_goes_on_sending(
    broker: Redis, clock: list[float]
) -> None:
    dead, late = tenure(broker), tenure(away())
    begin(dead, clock)
    late.ask()
    sends = term(late)
    late._broker = broker
    late.ask()
    clock[0] += LEASE_S
    late.ask()
    assert epoch(late) == 2
    assert late.holds(sends, has_stalled=False)


def test_streamer_started_without_a_broker_takes_a_lease_that_was_let_go(
    broker: Redis, clock: list[float]
) -> None:
    late = tenure(away())
    late.ask()
    leases.take(broker, "main", "gone", leases.load(broker, "main"), 4)
    leases.release(broker, "main", "gone", 4)
    late._broker = broker
    late.ask()
    assert epoch(late) == 5
    assert clock == [100.0]


def test_streamer_started_without_a_broker_holds_its_channel_when_it_comes(
    broker: Redis, clock: list[float]
) -> None:
    first, second = tenure(away()), tenure(broker)
    first.ask()
    first._broker = broker
    for _ in range(3):
        first.ask()
        await_later(broker)
        second.ask()
        clock[0] += MISSING_S
    assert (epoch(first), epoch(second)) == (0, None)


@pytest.mark.usefixtures("clock")
def test_lease_whose_answer_was_lost_is_taken_up(broker: Redis) -> None:
    one = tenure(broker)
    leases.take(broker, "main", one._name, leases.load(broker, "main"), 3)
    one.ask()
    assert epoch(one) == 3


def test_streamer_that_ends_lets_its_channel_go_at_once(broker: Redis) -> None:
    first, second = tenure(broker), tenure(broker)
    with running(first):
        assert first.wait(10)
        second.ask()
        assert epoch(second) is None
    second.ask()
    assert epoch(second) == 2


def await_later(broker: Redis) -> None:
    """Wait until the broker's clock shows another millisecond, so that a beat shows."""
    now = connection.now_ms(broker)
    wait_until(lambda: connection.now_ms(broker) > now)
