"""What is sent, tick by tick."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from avatars.loop import period, there_and_back
from avatars.store import Avatar
from streamer.label import Label
from streamer.mixing import RAMP_SAMPLES, planes
from streamer.pace import STALL_S
from streamer.tenure import ANSWER_S
from tests.streamer.air import FADE, Air
from tests.streamer.conftest import (
    FRAMES,
    HEIGHT,
    LUMA_FRAMES,
    PATCH_HEIGHT,
    PATCH_WIDTH,
    PATCH_X,
    PATCH_Y,
    make_avatar,
    make_job,
    make_patch,
    make_sound,
)
from wire.batches import Patch
from wire.media import FPS, SAMPLES_PER_FRAME

BRIGHT = 150
"""Only the label's letters are brighter than this."""


@pytest.fixture
def air(avatar: Avatar) -> Air:
    return Air(avatar)


def idle(positions: Iterable[int]) -> list[float]:
    return [LUMA_FRAMES + there_and_back(position, FRAMES) for position in positions]


def test_idle_plays_the_clip_there_and_back_in_silence(air: Air) -> None:
    air.tick(40)
    assert air.bodies() == idle(range(40))
    assert not any(air.mouths())
    assert not any(sound.any() for sound in air.sounds)


def test_timeline_goes_on_from_where_it_was(avatar: Avatar) -> None:
    air = Air(avatar, position=1000)
    air.tick(3)
    assert air.bodies() == idle([1001, 1002, 1003])
    assert air.playout.position == 1003


def test_job_starts_at_its_place_with_the_body_undisturbed_and_the_mouth_fading_both_ways(air: Air) -> None:
    air.speak(make_job(frames=10, position=5), range(10))
    air.tick(25)
    assert air.bodies() == idle(range(25))
    fade_in, fade_out = [0.25, 0.5, 0.75], [0.75, 0.5, 0.25]
    assert air.mouths() == pytest.approx([0] * 5 + fade_in + [1] * 7 + fade_out + [0] * 7, abs=0.01)
    assert air.heard() == [0] * 5 + list(range(1000, 1010)) + [0] * 10


def test_fades_of_the_mouth_are_counted_and_those_of_the_whole_picture(avatar: Avatar) -> None:
    air = Air(avatar)
    air.speak(make_job("a", frames=10, position=5), range(10))
    air.tick(25)
    assert (air.counters.fades, air.counters.cross_fades) == (2, 0)
    air.speak(make_job("b", frames=10, position=1), range(10))
    air.tick(20)
    assert (air.counters.fades, air.counters.cross_fades) == (4, 1)


def test_sound_is_true_from_first_sample_to_last_but_for_the_ramps(air: Air) -> None:
    air.speak(make_job(frames=3), range(3))
    air.tick(5)
    sent = np.concatenate(air.sounds)
    speech = make_sound(0, 3)
    np.testing.assert_array_equal(sent[RAMP_SAMPLES : len(speech)], speech[RAMP_SAMPLES:])
    assert np.abs(np.diff(sent)).max() <= 1002 / RAMP_SAMPLES + 1
    assert not sent[len(speech) + RAMP_SAMPLES :].any()


def test_next_job_in_phase_follows_without_fade_or_gap(air: Air) -> None:
    air.speak(make_job("a", frames=6), range(6))
    air.speak(make_job("b", frames=6, position=6), range(6))
    air.tick(12)
    assert air.bodies() == idle(range(12))
    assert air.mouths()[FADE:] == [1] * (12 - FADE)
    assert air.heard() == [*range(1000, 1006), *range(1000, 1006)]


def test_next_job_out_of_phase_follows_without_gap_and_the_body_crosses_over(air: Air) -> None:
    air.speak(make_job("a", frames=6), range(6))
    air.speak(make_job("b", frames=8, position=2 - period(FRAMES)), range(8))
    air.tick(14)
    assert air.heard() == [*range(1000, 1006), *range(1000, 1008)]
    old, new = idle(range(6, 10)), idle(range(2, 10))
    shares = [0.25, 0.5, 0.75]
    crossed = [o + (n - o) * share for o, n, share in zip(old, new, shares, strict=False)]
    assert air.bodies()[6:] == pytest.approx(crossed + new[3:], abs=0.51)
    assert air.mouths()[6:] == pytest.approx([1] * 8, abs=0.01)


def test_job_that_missed_its_place_crosses_over_from_the_moving_body(avatar: Avatar) -> None:
    air = Air(avatar, position=102)
    air.speak(make_job(frames=9, position=100), range(9))
    air.tick(9)
    old, new = idle(range(103, 112)), idle(range(100, 109))
    shares = [0.25, 0.5, 0.75] + [1] * 6
    expected = [o + (n - o) * share for o, n, share in zip(old, new, shares, strict=True)]
    assert air.bodies() == pytest.approx(expected, abs=0.51)
    assert air.mouths() == pytest.approx(shares, abs=0.02)
    assert air.playout.position == 108 + period(FRAMES)


def test_speech_that_is_late_resumes_from_the_very_sample_when_the_body_has_come_back(
    air: Air, caplog: pytest.LogCaptureFixture
) -> None:
    job = make_job(frames=20)
    air.speak(job, range(8))
    air.tick(14)
    air.speak(job, range(8, 20))
    air.tick(14)
    assert air.heard() == [*range(1000, 1008), *[0] * 8, *range(1008, 1020)]
    assert air.bodies() == [*idle(range(14)), *idle([6, 7]), *idle(range(8, 20))]
    mouths = [1, 0.75, 0.5, 0.25, *[0] * 5, 0.25, 0.5, 0.75, 1]
    assert air.mouths()[7:20] == pytest.approx(mouths, abs=0.02)
    assert air.counters.underruns == 1
    assert air.resumed == [8]
    assert "job j: frame 8 is late" in caplog.text


def test_speech_that_is_hardly_late_resumes_at_once(air: Air) -> None:
    job = make_job(frames=12)
    air.speak(job, range(4))
    air.tick(6)
    air.speak(job, range(4, 12))
    air.tick(8)
    assert air.heard() == [*range(1000, 1004), 0, 0, *range(1004, 1012)]
    assert air.bodies() == idle([0, 1, 2, 3, 4, 5, *range(4, 12)])


def test_late_frame_that_shows_the_clips_own_mouth_waits_for_its_body_too(air: Air) -> None:
    job = make_job(frames=20)
    air.speak(job, range(6))
    air.tick(9)
    air.speak(job, range(6, 9), Patch.empty())
    air.speak(job, range(9, 20))
    air.tick(15)
    assert air.bodies() == idle([*range(9), 7, *range(6, 20)])
    assert air.heard() == [*range(1000, 1006), *[0] * 4, *range(1006, 1020)]


def test_job_behind_one_that_was_late_follows_it_untouched(air: Air) -> None:
    late = make_job("a", frames=20)
    air.speak(late, range(8))
    air.tick(14)
    air.speak(late, range(8, 20))
    air.speak(make_job("b", frames=10, position=20), range(10))
    air.tick(24)
    assert air.heard()[-22:] == [*range(1008, 1020), *range(1000, 1010)]
    assert air.bodies()[-22:] == idle(range(8, 30))
    assert air.mouths()[-22 + FADE :] == pytest.approx([1] * 18, abs=0.01)
    assert air.resumed == [8]


def test_job_that_is_cut_off_while_it_waits_for_the_body_gives_no_more_frames(air: Air) -> None:
    job = make_job(frames=20)
    air.speak(job, range(6))
    air.tick(9)
    air.speak(job, range(6, 20))
    air.tick(1)
    air.buffer.drop("j")
    air.tick(10)
    assert air.spoken == [*range(6), *[None] * 14]
    assert np.abs(np.diff(air.bodies())).tolist() == [1] * 19


def test_job_behind_one_that_is_cut_off_while_late_was_not_late_itself(air: Air) -> None:
    air.speak(make_job("a", frames=20), range(6))
    air.tick(8)
    air.buffer.drop("a")
    air.speak(make_job("b", frames=4, position=8), range(4))
    air.tick(4)
    assert air.spoken == [*range(6), None, None, *range(4)]
    assert air.resumed == []
    assert air.counters.underruns == 1


def test_frames_that_stutter_never_jump(air: Air) -> None:
    """Late every third tick: speech resumes again and again before the mouth has closed."""
    job = make_job(frames=30)
    for n in range(30):
        air.speak(job, [n])
        air.tick(2 if n % 2 else 1)
    assert [heard for heard in air.heard() if heard] == list(range(1000, 1030))
    assert np.abs(np.diff(air.bodies())).max() <= 1
    assert np.abs(np.diff(air.mouths())).max() <= 1 / FADE + 0.02


def test_jump_in_the_middle_of_a_cross_fade_starts_from_what_was_really_sent(avatar: Avatar) -> None:
    lumas = np.array([30, 200, 90, 230, 60, 180, 40, 220, 110, 150])
    pictures = avatar.pictures.copy()
    pictures[:, :HEIGHT] = lumas[:, None, None]
    air = Air(replace(avatar, pictures=pictures), position=100)
    air.speak(make_job("a", frames=2, position=94), range(2))
    air.speak(make_job("b", frames=6, position=92), range(6))
    air.tick(5)
    before = air.bodies()[1]
    new = [lumas[there_and_back(92 + n, FRAMES)] for n in range(3)]
    expected = [before + (luma - before) * share for luma, share in zip(new, (0.25, 0.5, 0.75), strict=True)]
    assert air.bodies()[2:] == pytest.approx(expected, abs=1)


def test_frames_without_a_patch_show_the_clips_own_mouth_with_a_fade_and_sound_on(air: Air) -> None:
    job = make_job(frames=16)
    air.speak(job, range(5))
    air.speak(job, range(5, 11), Patch.empty())
    air.speak(job, range(11, 16))
    air.tick(16)
    assert air.bodies() == idle(range(16))
    assert air.heard() == list(range(1000, 1016))
    fades = [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1]
    assert air.mouths() == pytest.approx(fades, abs=0.01)


def test_fading_mouth_changes_nothing_outside_its_patch(air: Air) -> None:
    air.speak(make_job(frames=5), range(5))
    air.tick(9)
    for position, picture in enumerate(air.pictures):
        for scale, plane, clip in zip(
            (1, 2, 2), planes(picture), planes(air.avatar.pictures[position]), strict=True
        ):
            rows = slice(PATCH_Y // scale, (PATCH_Y + PATCH_HEIGHT) // scale)
            columns = slice(PATCH_X // scale, (PATCH_X + PATCH_WIDTH) // scale)
            plane[rows, columns] = clip[rows, columns]
            np.testing.assert_array_equal(plane, clip)


def test_fading_patch_moves_with_the_face_and_never_over_the_edge(avatar: Avatar) -> None:
    boxes = np.zeros((FRAMES, 4), np.int32)
    boxes[:, 0] = 4 * np.arange(FRAMES)  # the face goes 4 pixels to the right each frame, and out of sight
    air = Air(replace(avatar, boxes=boxes))
    air.speak(make_job(frames=5), range(5))
    air.tick(9)
    edges = [int(np.argmax(planes(picture)[0][PATCH_Y] > 80)) for picture in air.pictures[:8]]
    assert edges == [*[PATCH_X] * 5, PATCH_X + 4, PATCH_X + 8, PATCH_X + 12]
    outside = Air(replace(avatar, boxes=boxes * 9))
    outside.speak(make_job(frames=5), range(5))
    outside.tick(9)
    assert outside.mouths()[5:] == [0] * 4


def test_label_is_on_idle_and_speech_alike() -> None:
    air = Air(make_avatar(320, 180), label=Label("AI", "bottom-right", None, 320, 180))
    air.speak(make_job(frames=6, position=4), range(6), make_patch(100))
    air.tick(14)
    white = [planes(picture)[0] > BRIGHT for picture in air.pictures]
    assert white[0].sum() > 20
    assert all((letters == white[0]).all() for letters in white)


def test_job_that_is_cut_off_fades_out_from_the_frame_on_air_and_sends_no_other(air: Air) -> None:
    air.speak(make_job(frames=40), range(40))
    air.tick(10)
    air.buffer.drop("j")
    air.tick(10)
    assert air.bodies() == idle(range(20))
    assert air.mouths()[9:] == pytest.approx([1, 0.75, 0.5, 0.25, *[0] * 7], abs=0.01)
    assert air.spoken == [*range(10), *[None] * 10]
    assert air.heard()[9:] == [1009, *[0] * 10]
    assert np.abs(np.diff(np.concatenate(air.sounds))).max() <= 1009 / RAMP_SAMPLES + 1
    assert air.counters.underruns == 0


def test_job_behind_one_that_is_cut_off_follows_after_the_fade_and_takes_the_timeline_to_its_place(
    avatar: Avatar,
) -> None:
    air = Air(avatar)
    air.speak(make_job("a", frames=12), range(12))
    air.tick(6)
    air.buffer.drop("a")
    air.speak(make_job("b", frames=8, position=12), range(8))
    air.tick(14)
    assert air.spoken == [*range(6), *[None] * 4, *range(8), *[None] * 2]
    assert air.mouths()[6:10] == pytest.approx([0.75, 0.5, 0.25, 0], abs=0.01)
    assert air.bodies()[13:18] == idle(range(15, 20))
    assert air.playout.position == 21


def test_clip_of_a_single_frame_is_a_still_that_speaks() -> None:
    air = Air(make_avatar(frames=1), position=77)
    air.speak(make_job(frames=3), range(3))
    air.tick(6)
    assert set(air.bodies()) == {LUMA_FRAMES}
    assert air.heard() == [1000, 1001, 1002, 0, 0, 0]


def test_encoder_is_told_which_frame_of_the_job_is_in_each_tick(air: Air) -> None:
    air.speak(make_job(frames=3, position=1), range(3))
    air.tick(5)
    assert air.spoken == [None, 0, 1, 2, None]


def always(has_stalled: bool) -> bool:  # noqa: ARG001
    return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds, that the playout sees; it passes while the playout sleeps."""
    clock = [0.0]
    monkeypatch.setattr("streamer.daemon.monotonic", lambda: clock[0])
    monkeypatch.setattr("streamer.daemon.sleep", lambda s: clock.__setitem__(0, clock[0] + s))
    return clock


def test_ticks_come_25_a_second_until_stopped(air: Air, clock: list[float]) -> None:
    moments: list[float] = []

    def is_stopped() -> bool:
        moments.append(clock[0])
        clock[0] += 0.013  # what a tick takes
        return len(air.numbers) == 100

    air.playout.run(is_stopped, always)
    assert air.numbers == list(range(100))
    assert moments[1:] == pytest.approx([0.013, *(n / FPS for n in range(1, 100))])
    assert air.counters.ticks_late == 1


def stalling(air: Air, clock: list[float], stalls: Mapping[int, float]) -> Callable[[], bool]:
    """Return what asks for the stop after 100 ticks, and stands still for so many seconds after so many."""

    def is_stopped() -> bool:
        clock[0] += stalls.get(len(air.numbers), 0.0)
        return len(air.numbers) == 100

    return is_stopped


def asked_of_stalls(air: Air, asked: list[int], answer: Callable[[], bool]) -> Callable[[bool], bool]:
    """Return what says by `answer` whether to send after a stall, and notes in `asked` when that was."""

    def may_send(has_stalled: bool) -> bool:
        if has_stalled:
            asked.append(len(air.numbers))
        return not has_stalled or answer()

    return may_send


def test_short_stall_is_caught_up_and_a_long_one_skipped_and_counted(air: Air, clock: list[float]) -> None:
    air.playout.run(stalling(air, clock, {10: 1.0, 60: 60.0}), always)
    assert air.numbers[:60] == list(range(60))
    assert air.numbers[60] == pytest.approx(60 + 60 * 25, abs=1)
    assert air.counters.ticks_skipped == air.numbers[60] - 60
    assert air.playout.position == air.numbers[-1]
    assert 20 <= air.counters.ticks_late <= 30


def test_stall_long_enough_for_another_to_take_over_is_asked_about_before_the_next_tick(
    air: Air, clock: list[float]
) -> None:
    asked: list[int] = []
    is_stopped = stalling(air, clock, {10: 0.5, 60: STALL_S + 0.1})
    air.playout.run(is_stopped, asked_of_stalls(air, asked, lambda: False))
    assert asked == [60]
    assert len(air.numbers) == 60


def test_stall_is_asked_about_once_so_that_a_broker_that_hangs_costs_no_tick(
    air: Air, clock: list[float]
) -> None:
    asked: list[int] = []

    def hang() -> bool:
        clock[0] += ANSWER_S
        return True

    air.playout.run(stalling(air, clock, {10: STALL_S + 0.1}), asked_of_stalls(air, asked, hang))
    assert asked == [10]
    assert air.counters.ticks_skipped == 0


@pytest.mark.usefixtures("clock")
def test_ticks_go_on_from_the_one_that_was_sent_last(avatar: Avatar) -> None:
    air = Air(avatar, 7, number=500)
    assert air.playout.number == 500
    air.playout.run(lambda: len(air.numbers) == 2, always)
    assert air.numbers == [501, 502]


@pytest.mark.usefixtures("clock")
def test_asked_to_stop_while_speaking_it_closes_the_mouth_and_leaves_the_rest_of_the_job(air: Air) -> None:
    air.speak(make_job(frames=40, position=5), range(40))
    air.playout.run(lambda: len(air.numbers) >= 20, always)
    assert air.spoken == [None] * 5 + list(range(15)) + [None] * FADE
    assert air.mouths()[-FADE - 1 :] == pytest.approx([1, 0.75, 0.5, 0.25, 0], abs=0.01)
    assert air.sounds[-1][-1] == 0
    assert air.buffer.take(1000)[1] is not None


@pytest.mark.usefixtures("clock")
def test_asked_to_stop_in_idle_it_sends_nothing_more(air: Air) -> None:
    air.playout.run(lambda: len(air.numbers) >= 3, always)
    assert len(air.numbers) == 3


@pytest.mark.usefixtures("clock")
def test_channel_that_is_another_s_is_not_sent_to_even_to_close_the_mouth(air: Air) -> None:
    air.speak(make_job(frames=40, position=5), range(40))
    air.playout.run(lambda: len(air.numbers) == 100, lambda _: len(air.numbers) < 20)
    assert len(air.numbers) == 20
    assert air.mouths()[-1] == 1


def test_sound_is_one_frame_each_tick(air: Air) -> None:
    air.speak(make_job(frames=3), range(3))
    air.tick(6)
    assert {(sound.shape, sound.dtype) for sound in air.sounds} == {
        ((SAMPLES_PER_FRAME,), np.dtype(np.int16))
    }
