"""What a viewer sees and hears where idle and speech meet, measured on a clip that moves."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import pi, sin
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from avatars.loop import period, there_and_back
from avatars.pose import Poses
from avatars.store import LANDMARKS_A_FACE, Avatar
from streamer.buffer import Spoken
from streamer.idling import IdleClip
from streamer.mixing import RAMP_SAMPLES, Curve, Fade, planes
from tests.streamer.air import FADE, Air
from tests.streamer.conftest import make_job
from wire.batches import Patch
from wire.jobs import Job
from wire.media import AIR_RATE_HZ, SAMPLES_PER_FRAME

WIDTH, HEIGHT, FRAMES = 128, 72, 60
MOUTH_X, MOUTH_Y, MOUTH_WIDTH, MOUTH_HEIGHT = 52, 36, 24, 16
SWAY = 12
"""Pixels that the face goes to either side."""
LOUD = 20_000
ROWS = slice(MOUTH_Y, MOUTH_Y + MOUTH_HEIGHT)
CURVES: list[tuple[Curve, float]] = [("linear", 1.0), ("smooth", pi / 2)]
"""How fast a fade is at its fastest, as a multiple of the linear one."""
ROUNDING = 0.5
LATE = (1, 2, 5, 11, 30, 50)
"""Ticks that a frame comes late, all within the one sway that the body takes meanwhile."""
LATE_LONG = 75
"""After which it has gone on, and is far from where the late frame belongs."""

Pictures = NDArray[np.int16]


def shift(frame: int) -> int:
    """Return how far right the face is, in pixels, even: it sways once in the clip."""
    return 2 * round(SWAY / 2 * sin(2 * pi * frame / FRAMES))


@pytest.fixture
def clip() -> Avatar:
    """A clip of a soft pattern that sways and grows brighter; the face sways with it."""
    return draw(1)


def draw(seed: int) -> Avatar:
    """Return such a clip; another seed gives another pattern."""
    noise = np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH))
    waves = np.fft.fft2(noise) * np.exp(
        -500 * np.add.outer(*(np.fft.fftfreq(n) ** 2 for n in (HEIGHT, WIDTH)))
    )
    soft = np.fft.ifft2(waves).real
    pattern = 90 + 60 * soft / np.abs(soft).max()
    pictures = np.full((FRAMES, HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    for n in range(FRAMES):
        pictures[n, :HEIGHT] = np.roll(pattern, shift(n), axis=1) + n
    boxes = np.zeros((FRAMES, 4), np.int32)
    boxes[:, 0] = [shift(n) for n in range(FRAMES)]
    face = np.random.default_rng(9).uniform(-8, 8, (LANDMARKS_A_FACE, 2))
    landmarks = np.stack([face + np.array([64 + shift(n), 36]) for n in range(FRAMES)])
    return Avatar(
        hash=f"avatar{seed}",
        width=WIDTH,
        height=HEIGHT,
        frames=FRAMES,
        pictures=pictures,
        landmarks=landmarks.astype(np.float32),
        matrices=np.zeros((FRAMES, 2, 3), np.float32),
        boxes=boxes,
        masks=np.zeros((FRAMES, 2, 2), np.uint8),
    )


def speak(air: Air, job: Job, numbers: Iterable[int]) -> None:
    """Have the mouth, dark here, open and shut in the face, and a tone sound that never rests at zero."""
    for n in numbers:
        picture = np.full((MOUTH_HEIGHT * 3 // 2, MOUTH_WIDTH), 128, np.uint8)
        picture[:MOUTH_HEIGHT] = 30 + 5 * (n % 4)
        at = MOUTH_X + shift(there_and_back(job.position + n, FRAMES))
        air.buffer.put([Spoken(job, n, job.position + n, Patch(at, MOUTH_Y, picture), tone(n))])


def tone(frame: int) -> NDArray[np.int16]:
    at = frame * SAMPLES_PER_FRAME + np.arange(SAMPLES_PER_FRAME)
    return np.asarray(np.rint(LOUD * np.cos(2 * pi * 440 * at / AIR_RATE_HZ)), np.int16)


def lumas(air: Air) -> Pictures:
    return np.array([planes(picture)[0] for picture in air.pictures], np.int16)


def clip_lumas(clip: Avatar, positions: Iterable[int]) -> Pictures:
    return np.array([planes(clip.pictures[there_and_back(n, FRAMES)])[0] for n in positions], np.int16)


def around(pictures: Pictures) -> Pictures:
    """Return the pictures without the rows of the mouth."""
    return np.concatenate([pictures[:, :MOUTH_Y], pictures[:, MOUTH_Y + MOUTH_HEIGHT :]], axis=1)


def steps(pictures: Pictures) -> list[float]:
    """Return the mean absolute difference of each picture to the one before."""
    return [apart(before, after) for before, after in pairwise(pictures)]


def apart(one: Pictures, other: Pictures) -> float:
    return float(np.abs(one - other).mean())


@pytest.fixture
def idle_step(clip: Avatar) -> float:
    """The largest step around the mouth in idle."""
    return max(steps(around(clip_lumas(clip, range(period(FRAMES) + 1)))))


def test_speech_in_phase_moves_no_more_around_the_mouth_than_idle(clip: Avatar, idle_step: float) -> None:
    air = Air(clip)
    speak(air, make_job("a", frames=30, position=10), range(30))
    speak(air, make_job("b", frames=40, position=40), range(40))
    air.tick(period(FRAMES))
    assert air.spoken.count(None) == period(FRAMES) - 70
    assert max(steps(around(lumas(air)))) <= idle_step


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize("position", [5, 45, 70, 110])
def test_speech_that_was_late_moves_no_more_around_the_mouth_than_idle(
    clip: Avatar, idle_step: float, position: int, late: int
) -> None:
    air = Air(clip, position - 3)
    speak_late(air, make_job(frames=30, position=position), late)
    assert air.counters.underruns == 1
    assert [n for n in air.spoken if n is not None] == list(range(30))
    assert max(steps(around(lumas(air)))) <= idle_step


def test_speech_that_was_late_for_long_steps_no_more_than_its_fade(clip: Avatar, idle_step: float) -> None:
    cut, faded = (Air(clip, 2, fade=fade) for fade in (Fade(1), Fade(FADE)))
    for air in (cut, faded):
        speak_late(air, make_job(frames=30, position=5), LATE_LONG)
        assert [n for n in air.spoken if n is not None] == list(range(30))
    whole = max(steps(around(lumas(cut))))
    bound = idle_step + whole / FADE + ROUNDING
    assert max(steps(around(lumas(faded)))) <= bound < whole


def speak_late(air: Air, job: Job, late: int) -> None:
    """Have the job spoken from the third tick on; after its twelfth frame it is late by so many ticks."""
    speak(air, job, range(12))
    air.tick(14 + late)
    speak(air, job, range(12, job.frames))
    air.tick(job.frames + 20)


@pytest.mark.parametrize(("curve", "steepest"), CURVES)
@pytest.mark.parametrize("frames", [FADE, 12])
def test_missed_start_steps_no_more_than_its_fade(
    clip: Avatar, idle_step: float, frames: int, curve: Curve, steepest: float
) -> None:
    old, new = clip_lumas(clip, range(30, 70)), clip_lumas(clip, range(10, 50))
    whole = max(apart(a, b) for a, b in zip(around(old), around(new), strict=True))
    bound = idle_step + steepest * whole / frames + ROUNDING
    assert max(steps(around(lumas(missed(clip, Fade(frames, curve)))))) <= bound
    assert max(steps(around(lumas(missed(clip, Fade(1)))))) > bound


def missed(clip: Avatar, fade: Fade) -> Air:
    """Return what is sent where a job's first frame is here 20 ticks after its place."""
    air = Air(clip, 24, fade=fade)
    air.tick(5)
    speak(air, make_job(frames=40, position=10), range(40))
    air.tick(40)
    return air


@pytest.mark.parametrize(("curve", "steepest"), CURVES)
def test_mouth_steps_no_more_than_its_fade(clip: Avatar, curve: Curve, steepest: float) -> None:
    idle = clip_lumas(clip, range(60))[:, ROWS]
    cut, faded = (lumas(spoken_of(clip, fade))[:, ROWS] for fade in (Fade(1), Fade(FADE, curve)))
    own = max(steps(idle) + steps(cut[10:40]))
    whole = max(apart(a, b) for a, b in zip(cut, idle, strict=True))
    bound = own + steepest * whole / FADE + ROUNDING
    assert max(steps(faded)) <= bound < max(steps(cut))


def spoken_of(clip: Avatar, fade: Fade) -> Air:
    air = Air(clip, fade=fade)
    speak(air, make_job(frames=30, position=10), range(30))
    air.tick(60)
    return air


@pytest.fixture
def idle(clip: Avatar) -> IdleClip:
    """Another clip, of another pattern, that sways as the one that speaks."""
    other = draw(2)
    return IdleClip(other, Poses.of(other.landmarks, clip.landmarks))


def meeting(idle: IdleClip, **job: Any) -> Job:
    """Return a job that is planned for where the clip that speaks is nearest in pose to that of idle, which
    is at the same place of its own as the timeline."""
    planned = make_job(**job)
    leap = idle.poses.leap(planned.position, planned.position)
    return replace(planned, position=planned.position + leap, leap=leap)


@pytest.mark.parametrize(("curve", "steepest"), CURVES)
@pytest.mark.parametrize("frames", [FADE, 12])
@pytest.mark.parametrize("position", [7, 33, 64, 100])
def test_speech_on_another_clip_steps_no_more_than_its_fade(
    clip: Avatar, idle: IdleClip, idle_step: float, position: int, frames: int, curve: Curve, steepest: float
) -> None:
    cut, faded = (Air(clip, 2, fade=fade, idle=idle, idle_place=2) for fade in (Fade(1), Fade(frames, curve)))
    for air in (cut, faded):
        speak(air, meeting(idle, frames=40, position=position), range(40))
        air.tick(position + 100)
        assert [n for n in air.spoken if n is not None] == list(range(40))
        assert air.spoken.index(0) == position - 3
    whole = max(steps(around(lumas(cut))))
    bound = idle_step + steepest * whole / frames + ROUNDING
    assert max(steps(around(lumas(faded)))) <= bound < whole


def test_both_clips_move_on_where_they_meet_nearest_in_pose(clip: Avatar, idle: IdleClip) -> None:
    air = Air(clip, 2, idle=idle, idle_place=2)
    job = meeting(idle, frames=30, position=70)
    speak(air, job, range(30))
    air.tick(67)
    np.testing.assert_array_equal(lumas(air), clip_lumas(idle.avatar, range(3, 70)))
    air.tick(30)
    spoken = around(lumas(air))[67:]
    np.testing.assert_array_equal(spoken[FADE - 1 :], around(clip_lumas(clip, job_places(job)))[FADE - 1 :])
    assert shift(there_and_back(job.position, FRAMES)) == shift(there_and_back(70, FRAMES))
    air.tick(20)
    back = idle.poses.idle_at(job.position + 30)
    np.testing.assert_array_equal(
        lumas(air)[97 + FADE - 1 :], clip_lumas(idle.avatar, range(back + FADE - 1, back + 20))
    )


def job_places(job: Job) -> range:
    return range(job.position, job.position + job.frames)


def test_jobs_that_follow_each_other_stay_on_their_clip_in_phase(clip: Avatar, idle: IdleClip) -> None:
    air = Air(clip, 2, idle=idle, idle_place=2)
    first = meeting(idle, job_id="a", frames=20, position=10)
    second = make_job("b", frames=20, position=first.position + 20)
    for job in (first, second):
        speak(air, job, range(20))
    air.tick(47)
    places = range(first.position + FADE - 1, first.position + 40)
    np.testing.assert_array_equal(around(lumas(air))[7 + FADE - 1 :], around(clip_lumas(clip, places)))
    assert air.counters.cross_fades == 0


@pytest.mark.parametrize("gap", [1, 2, 3])
def test_job_that_comes_while_the_picture_goes_back_steps_no_more_than_a_fade(
    clip: Avatar, idle: IdleClip, idle_step: float, gap: int
) -> None:
    cut, faded = (Air(clip, 2, fade=fade, idle=idle, idle_place=2) for fade in (Fade(1), Fade(FADE)))
    for air in (cut, faded):
        first = meeting(idle, job_id="a", frames=20, position=10)
        speak(air, first, range(20))
        speak(air, make_job("b", frames=20, position=first.position + 20 + gap), range(20))
        air.tick(70)
    whole = max(steps(around(lumas(cut))))
    assert max(steps(around(lumas(faded)))) <= idle_step + whole / FADE + ROUNDING < whole


@pytest.mark.parametrize("late", [*LATE, LATE_LONG])
def test_speech_that_was_late_stays_on_its_clip(clip: Avatar, idle: IdleClip, late: int) -> None:
    alone, beside = Air(clip, 2), Air(clip, 2, idle=idle, idle_place=2)
    job = make_job(frames=30, position=5)
    for air in (alone, beside):
        speak_late(air, job, late)
    assert beside.spoken == alone.spoken
    spoken = slice(2 + FADE - 1, len(alone.spoken) - alone.spoken[::-1].index(29))
    np.testing.assert_array_equal(lumas(beside)[spoken], lumas(alone)[spoken])


def test_mouth_comes_and_goes_with_its_clip(clip: Avatar, idle: IdleClip) -> None:
    air = Air(clip, 2, idle=idle, idle_place=2)
    job = meeting(idle, frames=20, position=40)
    speak(air, job, range(20))
    air.tick(60)
    alone = Air(clip, job.position - 1, fade=Fade(1))
    speak(alone, job, range(FADE))
    alone.tick(FADE)
    shares = np.arange(1, FADE + 1)[:, None, None] / FADE
    faded = lumas(alone) * shares + clip_lumas(idle.avatar, range(40, 40 + FADE)) * (1 - shares)
    np.testing.assert_allclose(lumas(air)[37 : 37 + FADE], faded, atol=1)


def test_job_whose_first_frames_have_no_patch_is_spoken_on_its_clip(clip: Avatar, idle: IdleClip) -> None:
    air = Air(clip, 2, idle=idle, idle_place=2)
    job = meeting(idle, frames=20, position=40)
    air.buffer.put([Spoken(job, n, job.position + n, Patch.empty(), tone(n)) for n in range(20)])
    air.tick(57)
    np.testing.assert_array_equal(
        lumas(air)[37 + FADE - 1 :], clip_lumas(clip, range(job.position + FADE - 1, job.position + 20))
    )


def test_job_that_is_cut_off_goes_back_to_idle_by_its_fade(
    clip: Avatar, idle: IdleClip, idle_step: float
) -> None:
    cut, faded = (Air(clip, 2, fade=fade, idle=idle, idle_place=2) for fade in (Fade(1), Fade(FADE)))
    for air in (cut, faded):
        speak(air, meeting(idle, job_id="a", frames=40, position=10), range(40))
        air.tick(20)
        air.buffer.drop("a")
        air.tick(20)
        assert clicks(air) == []
    whole = max(steps(around(lumas(cut))))
    assert max(steps(around(lumas(faded)))) <= idle_step + whole / FADE + ROUNDING < whole


def test_restarted_streamer_goes_on_with_the_job_on_its_clip(clip: Avatar, idle: IdleClip) -> None:
    job = meeting(idle, frames=40, position=10)
    air = Air(clip, job.position + 14, idle=idle, idle_place=80)
    speak(air, job, range(12, 40))
    air.tick(28)
    assert air.spoken == list(range(12, 40))
    np.testing.assert_array_equal(
        around(lumas(air))[FADE - 1 :],
        around(clip_lumas(clip, range(job.position + 12 + FADE - 1, job.position + 40))),
    )


def test_sound_on_another_clip_has_no_click(clip: Avatar, idle: IdleClip) -> None:
    air = Air(clip, idle=idle)
    speak_late(air, meeting(idle, frames=30, position=2), 11)
    assert clicks(air) == []


@pytest.mark.parametrize("late", [*LATE, LATE_LONG])
def test_sound_that_was_late_has_no_click_and_no_sample_lost(clip: Avatar, late: int) -> None:
    air = Air(clip)
    speak_late(air, make_job(frames=30, position=2), late)
    assert clicks(air) == []
    heard = [sound[RAMP_SAMPLES:] for sound, n in zip(air.sounds, air.spoken, strict=True) if n is not None]
    np.testing.assert_array_equal(heard, [tone(n)[RAMP_SAMPLES:] for n in range(30)])


def test_sound_of_jobs_that_follow_each_other_or_are_cut_off_has_no_click(clip: Avatar) -> None:
    air = Air(clip)
    speak(air, make_job("a", frames=7, position=2), range(7))
    speak(air, make_job("b", frames=30, position=9), range(30))
    air.tick(20)
    air.buffer.drop("b")
    air.tick(10)
    assert air.spoken.count(None) == 2 + 10
    assert clicks(air) == []


def clicks(air: Air) -> list[int]:
    """Return where the sound steps further than the tone itself and a ramp from one peak to the other."""
    samples = np.concatenate(air.sounds).astype(np.int32)
    steepest = 2 * pi * 440 / AIR_RATE_HZ * LOUD + 2 * LOUD / RAMP_SAMPLES + 1
    return [int(at) for at in np.flatnonzero(np.abs(np.diff(samples)) > steepest)]
