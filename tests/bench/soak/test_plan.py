"""A seed tells what is posted and broken, and when."""

from bench.soak.plan import LONGEST_S, QUIET_S, SHORTEST_S, Blow, blows, posts
from wire.jobs import Mode

HOUR_S = 3600.0


def test_a_seed_tells_all_of_it() -> None:
    assert list(posts(1, HOUR_S)) == list(posts(1, HOUR_S)) != list(posts(2, HOUR_S))
    assert list(blows(1, HOUR_S)) == list(blows(1, HOUR_S)) != list(blows(2, HOUR_S))


def test_jobs_of_all_lengths_and_modes_are_posted_in_order_and_some_cancelled() -> None:
    found = list(posts(1, HOUR_S))
    assert [post.at_s for post in found] == sorted(post.at_s for post in found)
    assert all(SHORTEST_S <= post.length_s <= LONGEST_S for post in found)
    assert min(post.length_s for post in found) < 0.3
    assert max(post.length_s for post in found) > 18
    assert {post.mode for post in found} == set(Mode)
    cancelled = [post for post in found if post.cancel_s < HOUR_S]
    assert 0.05 < len(cancelled) / len(found) < 0.2


def test_there_is_time_for_all_that_is_posted() -> None:
    found = list(posts(1, HOUR_S))
    assert found[-1].at_s + found[-1].length_s <= HOUR_S
    assert 0.3 < sum(post.length_s for post in found) / HOUR_S < 0.7


def test_each_kind_of_blow_has_its_turn_before_any_comes_again() -> None:
    dealt = [blow for _, blow in blows(1, HOUR_S)]
    for turn in range(0, len(dealt) - len(Blow), len(Blow)):
        assert set(dealt[turn : turn + len(Blow)]) == set(Blow)


def test_nothing_is_broken_at_the_begin_and_at_the_end() -> None:
    times = [at_s for at_s, _ in blows(1, HOUR_S)]
    assert min(times) >= QUIET_S
    assert max(times) < HOUR_S - QUIET_S


def test_a_short_soak_has_one_blow_in_its_middle() -> None:
    ((at_s, _),) = blows(1, 60.0)
    assert 20 <= at_s < 40
