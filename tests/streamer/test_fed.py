"""What ffmpeg was fed and has not yielded."""

from streamer.buffer import Spoken
from streamer.fed import Fed
from tests.streamer.conftest import make_job, make_sound
from wire.batches import Patch


def spoken(number: int) -> Spoken:
    return Spoken(make_job(), number, number, Patch.empty(), make_sound(number, 1))


def fed(*ticks: int) -> Fed:
    """Return what was fed in those ticks; the even ones speak."""
    waiting = Fed()
    for tick in ticks:
        waiting.put(tick, None if tick % 2 else spoken(tick))
    return waiting


def test_tick_that_is_yielded_has_all_before_it_sent_and_none_behind_it() -> None:
    waiting = fed(4, 5, 6, 7, 8)
    assert [frame.number for frame in waiting.until(7)] == [4, 6]
    assert len(waiting) == 1


def test_tick_that_is_yielded_again_has_nothing_more_sent() -> None:
    waiting = fed(4, 5)
    list(waiting.until(4))
    assert list(waiting.until(4)) == []


def test_what_is_not_yielded_is_left_with_its_order_and_is_then_gone() -> None:
    waiting = fed(4, 5, 6)
    list(waiting.until(4))
    assert [frame and frame.number for frame in waiting.rest()] == [None, 6]
    assert len(waiting) == 0
