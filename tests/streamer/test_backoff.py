"""Pauses between tries."""

from itertools import accumulate, repeat

from streamer.backoff import FIRST_S, LONGEST_S, WELL_S, pause_s


def test_pauses_grow_up_to_a_bound_and_are_never_under_a_second() -> None:
    pauses = list(accumulate(repeat(0.1, 8), pause_s, initial=0.0))[1:]
    assert pauses[:4] == [1.0, 2.0, 4.0, 4.0]
    assert max(pauses) == LONGEST_S


def test_who_ran_well_begins_again_with_the_shortest_pause() -> None:
    assert pause_s(LONGEST_S, WELL_S) == FIRST_S
    assert pause_s(LONGEST_S, WELL_S - 1) == LONGEST_S
