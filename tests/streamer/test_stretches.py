"""Black, frozen and silent stretches are told, and what only looks like one is not."""

from dataclasses import replace

import numpy as np
import pytest

from streamer.stretches import (
    BLACK_GLANCES,
    DELAY_GLANCES,
    FROZEN_GLANCES,
    KEPT_GLANCES,
    SAME_LUMA,
    SILENT_GLANCES,
    Clip,
    Glance,
    Small,
    Trouble,
    clip_of,
    mixed,
    troubles,
)

CLIP = Clip(moves=True, is_dark=False)
IN_SPEECH = SILENT_GLANCES + DELAY_GLANCES


def picture(brightness: float, spot: float = 0) -> Small:
    small = np.full((36, 64), brightness, np.uint8)
    small[20, 30] += np.uint8(spot)
    return small


def glances(*pictures: Small, level: float = 0.0, loud_share: float = 0.0) -> list[Glance]:
    return [Glance(picture, level, loud_share) for picture in pictures]


def lively(count: int, level: float, loud_share: float) -> list[Glance]:
    return glances(*(picture(90, 10 * i) for i in range(count)), level=level, loud_share=loud_share)


def test_a_picture_that_changes_in_one_part_alone_is_not_frozen() -> None:
    still = glances(*[picture(90)] * FROZEN_GLANCES)
    assert troubles(still, CLIP) == {Trouble.FROZEN}
    moving = glances(*[picture(90)] * (FROZEN_GLANCES - 1), picture(90, spot=SAME_LUMA + 1))
    assert troubles(moving, CLIP) == set()


def test_encoding_one_picture_again_is_no_movement() -> None:
    still = glances(*(picture(90, spot=i % 2 * 2) for i in range(FROZEN_GLANCES)))
    assert troubles(still, CLIP) == {Trouble.FROZEN}


def test_a_picture_that_comes_again_once_is_not_frozen() -> None:
    assert troubles(glances(*[picture(90)] * (FROZEN_GLANCES - 1)), CLIP) == set()


def test_that_a_clip_which_hardly_moves_is_frozen_is_never_told() -> None:
    assert troubles(glances(*[picture(90)] * KEPT_GLANCES), replace(CLIP, moves=False)) == set()


def test_black_is_told_and_not_as_frozen_too() -> None:
    assert troubles(glances(*[picture(16)] * KEPT_GLANCES), CLIP) == {Trouble.BLACK}
    assert troubles(glances(*[picture(16)] * (BLACK_GLANCES - 1)), CLIP) == set()


def test_a_label_over_black_does_not_hide_it_and_a_lit_face_is_not_black() -> None:
    labelled, lit = picture(16), picture(16)
    labelled[30:34, 48:62] = 200
    lit[10:26, 20:40] = 120
    assert troubles(glances(*[labelled] * BLACK_GLANCES), CLIP) == {Trouble.BLACK}
    assert troubles(glances(*[lit] * BLACK_GLANCES), CLIP) == set()


def test_that_a_dark_clip_is_black_is_never_told() -> None:
    dark = replace(CLIP, is_dark=True)
    assert troubles(glances(*[picture(16)] * BLACK_GLANCES), dark) == set()


def test_silence_is_told_where_speech_was_sent_for_long_enough() -> None:
    assert troubles(lively(IN_SPEECH, level=0, loud_share=0.6), CLIP) == {Trouble.SILENT}
    assert troubles(lively(IN_SPEECH - 1, level=0, loud_share=0.6), CLIP) == set()


def test_speech_that_falls_silent_is_told() -> None:
    heard = lively(DELAY_GLANCES, level=2000, loud_share=0.6)
    assert troubles([*heard, *lively(SILENT_GLANCES, level=0, loud_share=0.6)], CLIP) == {Trouble.SILENT}


@pytest.mark.parametrize(("level", "loud_share"), [(0.0, 0.0), (0.0, 0.1), (2000.0, 0.6)])
def test_silence_in_idle_and_speech_that_is_heard_are_no_trouble(level: float, loud_share: float) -> None:
    assert troubles(lively(IN_SPEECH, level, loud_share), CLIP) == set()


def test_speech_that_has_only_just_begun_may_not_be_heard_yet() -> None:
    before = lively(SILENT_GLANCES, level=0, loud_share=0)
    assert troubles([*before, *lively(DELAY_GLANCES, level=0, loud_share=1)], CLIP) == set()


def test_nothing_is_told_before_anything_was_seen() -> None:
    assert troubles([], CLIP) == set()


def test_a_clip_moves_where_no_two_glances_after_any_show_the_same() -> None:
    assert clip_of(250, lambda frame: picture(50, spot=frame % 200)).moves
    assert not clip_of(250, lambda _: picture(50)).moves


def test_a_clip_that_comes_by_the_same_frame_at_each_glance_can_not_be_told_from_a_frozen_one() -> None:
    assert not clip_of(26, lambda frame: picture(50, spot=frame * 5)).moves
    assert not clip_of(1, lambda _: picture(50)).moves


def test_a_clip_that_stands_still_for_long_somewhere_could_be_taken_for_frozen() -> None:
    assert not clip_of(1000, lambda frame: picture(50, spot=0 if frame < 400 else frame % 200)).moves


def test_a_clip_is_dark_where_it_is_so_anywhere() -> None:
    assert clip_of(250, lambda frame: picture(16 if frame < 20 else 90)).is_dark
    assert not clip_of(250, lambda _: picture(90)).is_dark


def test_nothing_is_told_of_two_clips_that_one_of_them_may_look_like() -> None:
    still, dark = Clip(moves=False, is_dark=False), Clip(moves=True, is_dark=True)
    assert mixed([CLIP]) == mixed([CLIP, CLIP]) == CLIP
    assert mixed([CLIP, still]) == still
    assert mixed([dark, CLIP]) == dark
