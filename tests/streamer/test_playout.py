"""What goes on air next."""

from itertools import accumulate, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatars.loop import period, there_and_back
from streamer.playout import (
    REACH_FRAMES,
    Body,
    Mode,
    Shown,
    State,
    Supply,
    change_over,
    is_due,
    is_held,
    move,
    step,
    sway,
)

FADE = 4
SWAY_TICKS = 4 * REACH_FRAMES
STATES = [
    State(),
    *(State(Mode.FADE_IN, level) for level in range(1, FADE)),
    State(Mode.LIVE, FADE),
    *(State(Mode.FADE_OUT, level) for level in range(1, FADE)),
]


def levels(supplies: str, fade: int = FADE) -> list[int]:
    """Return the levels of a run: `r` for ready, `l` for late, `.` for none."""
    meant = {"r": Supply.READY, "l": Supply.LATE, ".": Supply.NONE}
    states = accumulate(
        (meant[s] for s in supplies), lambda s, supply: step(s, supply, fade), initial=State()
    )
    return [state.level for state in states][1:]


def test_mouth_fades_in_by_equal_steps_and_out_after_the_last_frame() -> None:
    assert levels("..rrrrrr......") == [0, 0, 1, 2, 3, 4, 4, 4, 3, 2, 1, 0, 0, 0]


def test_late_frames_fade_the_mouth_out_and_in_again_from_where_it_is() -> None:
    assert levels("rrrrrllrrrr") == [1, 2, 3, 4, 4, 3, 2, 3, 4, 4, 4]
    assert levels("rrllllrr") == [1, 2, 1, 0, 0, 0, 1, 2]


def test_fade_of_one_frame_is_a_cut() -> None:
    assert levels("rr..r.", fade=1) == [1, 1, 0, 0, 1, 0]


@pytest.mark.parametrize(("state", "supply"), list(product(STATES, Supply)))
def test_every_state_meets_every_supply(state: State, supply: Supply) -> None:
    after = step(state, supply, FADE)
    assert after in STATES
    assert abs(after.level - state.level) <= 1
    if supply is Supply.READY:
        assert after.mode in (Mode.FADE_IN, Mode.LIVE)
        assert after.level > state.level or after.mode is Mode.LIVE
    else:
        assert after.mode in (Mode.FADE_OUT, Mode.IDLE)
        assert after.level < state.level or after.mode is Mode.IDLE


def test_body_goes_on_by_itself() -> None:
    assert move(Body(7), None, 10, FADE) == Body(8)


def test_body_in_phase_goes_on_without_a_cross_fade() -> None:
    assert move(Body(7), 8, 10, FADE) == Body(8)
    assert move(Body(7 + 5 * period(10)), 8, 10, FADE) == Body(8 + 5 * period(10))


def test_body_out_of_phase_moves_on_to_the_next_place_that_shows_it_and_crosses_over() -> None:
    body = move(Body(100), 103, 10, FADE)
    assert body == Body(103, 1)
    assert [(body := move(body, 104 + i, 10, FADE)).turn for i in range(4)] == [2, 3, 0, 0]
    assert move(Body(100), 98, 10, FADE) == Body(98 + period(10), 1)


def test_the_same_frame_on_the_way_back_needs_no_cross_fade() -> None:
    there, back = 3, period(10) - 3
    assert move(Body(there - 1), back, 10, FADE) == Body(back)


def test_frame_right_behind_the_one_that_was_sent_needs_no_cross_fade() -> None:
    assert move(Body(5), 4, 10, FADE) == Body(4 + period(10))


def test_clip_of_a_single_frame_needs_no_cross_fade() -> None:
    assert move(Body(5), 2, 1, FADE) == Body(6)


def test_cross_fade_goes_on_while_frames_are_late() -> None:
    assert move(Body(50, 1), None, 10, FADE) == Body(51, 2)


def test_another_jump_starts_the_cross_fade_anew() -> None:
    assert move(Body(50, 2), 56, 10, FADE) == Body(56, 1)


@given(
    st.integers(-100, 10**6), st.none() | st.integers(-100, 10**6), st.integers(1, 300), st.integers(1, 25)
)
def test_positions_rise_and_show_the_wanted_frame(
    position: int, wanted: int | None, frames: int, fade: int
) -> None:
    body = move(Body(position), wanted, frames, fade)
    assert position < body.position <= position + period(frames)
    if wanted is not None:
        assert (body.position - wanted) % period(frames) == 0
        step = abs(there_and_back(body.position, frames) - there_and_back(position, frames))
        assert (body.turn == 1) == (step != min(1, frames - 1) and fade > 1)


def swaying(body: Body, wanted: int, frames: int, late: int) -> list[Body]:
    """Return the bodies while the picture for `wanted` is `late` ticks late, and until it is sent."""
    bodies = [body]
    for _ in range(late):
        bodies.append(sway(bodies[-1], wanted, False, frames, FADE))
    while is_held(bodies[-1], wanted, frames):
        bodies.append(sway(bodies[-1], wanted, True, frames, FADE))
    return [*bodies, move(bodies[-1], wanted, frames, FADE)]


def shown(bodies: list[Body], frames: int) -> list[int]:
    return [there_and_back(body.position, frames) for body in bodies]


def test_body_goes_on_while_a_frame_is_late_and_back_to_it_when_it_is_here() -> None:
    bodies = swaying(Body(49), 50, 100, late=5)
    assert shown(bodies, 100) == [49, 50, 51, 52, 53, 54, 53, 52, 51, 50]
    assert bodies[-1].position % period(100) == 50


def test_body_sways_once_about_the_frame_that_is_late_for_long_and_then_goes_on_as_in_idle() -> None:
    frames = shown(swaying(Body(49), 50, 100, late=80), 100)
    right, left = 50 + REACH_FRAMES, 50 - REACH_FRAMES
    assert frames[:81] == [*range(49, right), *range(right, left, -1), *range(left, 82)]


def test_frame_that_comes_when_the_body_has_gone_on_is_crossed_over_to_at_once() -> None:
    bodies = swaying(Body(49), 50, 100, late=80)
    assert len(bodies) == 82
    assert (bodies[-1].position % period(100), bodies[-1].turn) == (50, 1)


def test_body_on_its_way_back_sways_as_well() -> None:
    back = period(100) - 50
    bodies = swaying(Body(back - 1), back, 100, late=4)
    assert shown(bodies, 100) == [51, 50, 49, 48, 47, 48, 49, 50]
    assert bodies[-1].position % period(100) == back


def test_body_that_is_far_from_the_late_frame_does_not_come_for_it() -> None:
    assert not is_held(Body(50 + REACH_FRAMES + 1), 50, 100)
    assert is_held(Body(50 + REACH_FRAMES), 50, 100)


def test_cross_fade_that_was_begun_goes_on_while_the_body_turns() -> None:
    assert sway(Body(52, 1), 50, True, 100, FADE) == Body(period(100) - 51, 2, 1)


@given(st.integers(0, 10**6), st.integers(1, 300), st.integers(1, SWAY_TICKS))
def test_speech_that_was_late_resumes_in_phase_within_the_reach(
    position: int, frames: int, late: int
) -> None:
    bodies = swaying(Body(position - 1), position, frames, late)
    assert len(bodies) - 2 - late <= REACH_FRAMES
    assert all(0 < b.position - a.position <= period(frames) for a, b in pairwise(bodies))
    assert {abs(a - b) for a, b in pairwise(shown(bodies, frames))} == {min(1, frames - 1)}
    assert (bodies[-1].position - position) % period(frames) == 0
    assert not any(body.turn for body in bodies)


def test_job_waits_for_its_place_but_not_for_one_on_another_timeline() -> None:
    assert not is_due(99, 100, 375)
    assert is_due(100, 100, 375)
    assert is_due(140, 100, 375)
    assert not is_due(100, 475, 375)
    assert is_due(100, 476, 375)


def changed(shown: Shown, spoken: str, nearest: int) -> list[tuple[int, int]]:
    """Return place and level of the idle clip over some ticks: `s` where a job is on air, else `.`."""
    run = accumulate(spoken, lambda s, tick: change_over(s, tick == "s", nearest, FADE), initial=shown)
    return [(s.place, s.level) for s in run][1:]


def test_idle_clip_goes_on_while_another_covers_it_and_comes_back_where_that_is_nearest() -> None:
    gone = [(11, 1), (12, 2), (13, 3), (14, 4)]
    assert changed(Shown(10), "ssss", 70) == gone
    assert changed(Shown(14, 4), "s....", 70) == [(70, 4), (70, 3), (71, 2), (72, 1), (73, 0)]


def test_idle_clip_that_is_covered_again_before_it_is_alone_does_not_leap() -> None:
    assert changed(Shown(10, 3), "..s.", 70) == [(11, 2), (12, 1), (13, 2), (14, 1)]
