"""What goes on air next."""

from itertools import accumulate, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avatars.loop import period, there_and_back
from streamer.playout import Body, Mode, State, Supply, is_due, move, step

FADE = 4
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
    assert move(Body(100), 99, 10, FADE) == Body(99 + period(10), 1)


def test_the_same_frame_on_the_way_back_needs_no_cross_fade() -> None:
    there, back = 3, period(10) - 3
    assert move(Body(there - 1), back, 10, FADE) == Body(back)


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
        jumped = there_and_back(body.position, frames) != there_and_back(position + 1, frames)
        assert (body.turn == 1) == (jumped and fade > 1)


def test_job_waits_for_its_place_but_not_for_one_on_another_timeline() -> None:
    assert not is_due(99, 100, 375)
    assert is_due(100, 100, 375)
    assert is_due(140, 100, 375)
    assert not is_due(100, 475, 375)
    assert is_due(100, 476, 375)
