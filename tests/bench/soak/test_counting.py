"""Packets are counted by their timestamps, and what is missing is told with its moment."""

import pytest

from bench.soak.counting import AFTER_S, BEFORE_S, Count, Loss, Trouble, total, unexplained

STEP_S = 1024 / 48000


def counted(times_s: list[float], step_s: float = STEP_S) -> tuple[Count, list[float]]:
    """Return the count of packets with these timestamps, and the holes between them."""
    count, holes = Count(step_s), []
    for pts_s in times_s:
        holes.append(count.hole_s(pts_s))
        count = count.plus(pts_s)
    return count, [hole_s for hole_s in holes if hole_s]


def even(packets: int) -> list[float]:
    """Return timestamps in whole milliseconds, as FLV has them."""
    return [round(5 + i * STEP_S, 3) for i in range(packets)]


def test_packets_without_a_hole_are_as_long_as_their_timestamps_say() -> None:
    count, holes = counted(even(10_000))
    assert holes == []
    assert count.packets == 10_000
    assert count.missing_s == pytest.approx(0, abs=0.001)


def test_missing_packets_are_told_where_they_lack_and_in_sum() -> None:
    times_s = even(100)
    count, holes = counted(times_s[:40] + times_s[43:])
    assert holes == pytest.approx([3 * STEP_S], abs=0.001)
    assert count.missing_s == pytest.approx(3 * STEP_S, abs=0.001)


def test_packets_that_come_twice_are_a_hole_that_is_negative() -> None:
    times_s = even(100)
    count, holes = counted(times_s[:50] + times_s[48:])
    assert holes == pytest.approx([-2 * STEP_S], abs=0.001)
    assert count.missing_s == pytest.approx(-2 * STEP_S, abs=0.001)


def test_a_drift_too_small_for_a_hole_shows_in_the_sum() -> None:
    count, holes = counted([i * (STEP_S + 0.0005) for i in range(1000)])
    assert holes == []
    assert count.missing_s == pytest.approx(0.5, abs=0.001)


def test_nothing_received_lacks_nothing() -> None:
    assert (Count(STEP_S).span_s, Count(STEP_S).missing_s) == (0, 0)


def test_a_loss_near_a_trouble_is_explained_and_no_other() -> None:
    trouble = Trouble("RTMP server", 100.0, 102.0, cuts=True)
    near = [Loss(at_s, "pictures", 1.0) for at_s in (100 - BEFORE_S, 101.0, 102 + AFTER_S)]
    far = [Loss(at_s, "pictures", 1.0) for at_s in (100 - BEFORE_S - 0.1, 102 + AFTER_S + 0.1)]
    assert list(unexplained(near + far, [trouble])) == far
    assert list(unexplained(near, [])) == near


def test_a_part_that_does_not_cut_the_stream_explains_no_loss() -> None:
    near = [Loss(101.0, "pictures", 1.0)]
    assert list(unexplained(near, [Trouble("broker", 100.0, 102.0)])) == near


def test_losses_are_summed_by_what_was_lost() -> None:
    losses = [Loss(1.0, "pictures", 2.0), Loss(2.0, "sound", 5.0), Loss(3.0, "pictures", 1.0)]
    assert total(losses, "pictures") == 3.0
