"""What waits for a target."""

from collections.abc import Iterable
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamer.backlog import BEHIND_MS, Backlog
from streamer.flv import Kind, Tag
from tests.streamer.flv import FRAME_MS, GROUP_MS, group


def put(backlog: Backlog, tags: Iterable[Tag]) -> None:
    for tag in tags:
        backlog.put(tag)


def rest(backlog: Backlog) -> list[Tag]:
    return [tag for _ in range(len(backlog)) if (tag := backlog.take())]


def taken(backlog: Backlog) -> Backlog:
    backlog.begin()
    return backlog


def test_what_a_target_takes_in_time_it_gets_whole() -> None:
    backlog, got = taken(Backlog()), list[Tag]()
    for number in range(5):
        put(backlog, group(number))
        got += rest(backlog)
    assert got == [tag for number in range(5) for tag in group(number)]
    assert backlog.dropped == 0


def test_target_that_is_slow_loses_a_whole_group_and_what_it_has_begun_is_kept() -> None:
    backlog = taken(Backlog())
    put(backlog, group(0))
    begun = [backlog.take() for _ in range(10)]
    put(backlog, group(1))
    begun += [backlog.take() for _ in range(50)]
    put(backlog, group(2)[:1])
    begun += [backlog.take() for _ in range(40)]
    put(backlog, group(2)[1:])
    assert begun + rest(backlog) == group(0) + group(2)
    assert backlog.dropped == 1


def test_never_more_than_the_bound_waits() -> None:
    backlog = taken(Backlog())
    for number in range(20):
        for tag in group(number):
            backlog.put(tag)
            times = [tag.time_ms for tag in backlog]
            assert not times or times[-1] - times[0] <= BEHIND_MS
    assert backlog.dropped >= 17


def test_target_that_stands_still_in_a_group_finds_that_and_nothing_more() -> None:
    backlog = taken(Backlog())
    put(backlog, group(0))
    assert backlog.take() == group(0)[0]
    for each in (each for number in range(1, 10) for each in group(number)):
        backlog.put(each)
        waits = list(backlog)
        assert waits[-1].time_ms - waits[0].time_ms <= BEHIND_MS
    assert rest(backlog) == group(0)[1:]
    assert backlog.dropped == 9


def test_while_nobody_takes_the_newest_group_is_kept_and_nothing_counts_as_dropped() -> None:
    backlog = Backlog()
    put(backlog, group(0)[20:] + group(1) + group(2) + group(3)[:10])
    assert rest(taken(backlog)) == group(3)[:10]
    assert backlog.dropped == 0


def test_who_comes_in_the_middle_of_a_group_that_another_began_waits_for_the_next() -> None:
    backlog = taken(Backlog())
    put(backlog, group(0)[:20])
    rest(backlog)
    put(backlog, group(0)[20:40])
    backlog.end()
    put(backlog, group(0)[40:])
    assert rest(taken(backlog)) == []
    put(backlog, group(1))
    assert rest(backlog) == group(1)


def test_a_group_that_waits_whole_is_kept_for_the_next_who_takes() -> None:
    backlog = taken(Backlog())
    put(backlog, group(0)[30:] + group(1)[:20])
    put(backlog, [])
    backlog.end()
    put(backlog, group(1)[20:])
    assert rest(taken(backlog)) == group(1)


def test_stream_with_no_keyframe_for_long_loses_what_is_left_of_its_group() -> None:
    backlog = taken(Backlog())
    long = [tag for number in range(3) for tag in group(number) if tag.time_ms == 0 or is_no_keyframe(tag)]
    put(backlog, long[:1])
    assert backlog.take() == long[0]
    put(backlog, long[1:])
    assert backlog.dropped == 1
    assert rest(backlog) == [tag for tag in long[1:] if tag.time_ms <= BEHIND_MS]
    put(backlog, group(3))
    assert rest(backlog) == group(3)


def is_no_keyframe(tag: Tag) -> bool:
    return tag.kind is not Kind.KEYFRAME


@given(st.lists(st.tuples(st.integers(0, 150), st.integers(0, 150), st.booleans()), max_size=60))
def test_what_is_sent_can_always_be_decoded(turns: list[tuple[int, int, bool]]) -> None:
    stream = iter([tag for number in range(100) for tag in group(number)])
    backlog, sessions = taken(Backlog()), [list[Tag]()]
    for come, go, begins_anew in turns:
        put(backlog, islice(stream, come))
        sessions[-1] += [tag for _ in range(go) if (tag := backlog.take())]
        if begins_anew:
            backlog.end()
            backlog.begin()
            sessions.append([])
    for sent in sessions:
        check_decodable(sent)


def check_decodable(sent: list[Tag]) -> None:
    """Each picture follows the one before it in its group, or begins one."""
    pictures = [tag for tag in sent if tag.kind is not Kind.SOUND]
    assert all(tag.kind is Kind.KEYFRAME for tag in pictures[:1])
    for before, after in pairwise(pictures):
        assert after.kind is Kind.KEYFRAME or after.time_ms == before.time_ms + FRAME_MS
    assert all(tag.time_ms % GROUP_MS == 0 for tag in pictures if tag.kind is Kind.KEYFRAME)
