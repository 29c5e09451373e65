"""When a standby takes over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.watch import LEASE_S, MISSING_S, Watch
from wire.channels import BEAT_S
from wire.leases import Lease

HELD = Lease("other", 4, 1000, 2000)


def beat(number: int) -> Lease:
    return Lease("other", 4, 1000, 2000 + number)


def test_channel_that_nobody_ever_sent_is_free_once_a_holder_would_have_been_heard() -> None:
    watch = Watch().look(Lease(), 10.0).look(Lease(), 10.5)
    assert not watch.may_take(10.0 + 0.99 * MISSING_S)
    assert watch.may_take(10.0 + 1.01 * MISSING_S)
    assert MISSING_S > 3 * BEAT_S


def test_channel_of_which_nothing_was_heard_is_not_free() -> None:
    assert not Watch().may_take(10.0)


@pytest.mark.parametrize("epoch", [0, 4])
def test_lease_that_was_let_go_is_free_at_once(epoch: int) -> None:
    assert Watch().look(Lease("", epoch, 1000, 2000), 10.0).may_take(10.0)


def test_holder_lives_where_its_lease_moves_after_the_first_look() -> None:
    first = Watch().look(HELD, 10.0)
    assert not first.has_moved(Watch())
    assert not first.look(HELD, 10.2).has_moved(first)
    assert first.look(beat(1), 10.2).has_moved(first)
    assert not first.look(Lease("", 4, 1000, 2000), 10.2).has_moved(first), "it was let go"
    assert not first.look(Lease(), 10.2).has_moved(first), "it was lost"


def test_lease_that_stands_still_is_free_when_it_has_run_out() -> None:
    watch = Watch().look(HELD, 10.0).look(HELD, 11.0)
    assert not watch.may_take(10.0 + 0.99 * LEASE_S)
    assert watch.may_take(10.0 + LEASE_S)


def test_lease_that_a_wiped_broker_lost_is_waited_for_as_for_any_holder() -> None:
    watch = Watch().look(HELD, 10.0).look(Lease(), 11.0)
    assert not watch.may_take(11.0 + 0.99 * LEASE_S)
    assert watch.may_take(11.0 + LEASE_S)
    assert watch.epoch == 4


def test_broker_that_was_away_leaves_the_holder_a_whole_lease_to_be_heard_again() -> None:
    watch = Watch().look(HELD, 10.0).miss(11.0).miss(40.0).look(HELD, 40.2)
    assert not watch.may_take(40.0 + 0.99 * LEASE_S)
    assert watch.may_take(40.0 + LEASE_S)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 2 * BEAT_S)), max_size=100))
def test_holder_that_beats_is_never_overtaken_whatever_the_broker_does(
    looks: list[tuple[bool, float]],
) -> None:
    watch, now_s = Watch().look(beat(0), 0.0), 0.0
    for is_answered, pause_s in looks:
        now_s += pause_s
        watch = watch.look(beat(int(now_s / BEAT_S)), now_s) if is_answered else watch.miss(now_s)
        assert not watch.may_take(now_s)
