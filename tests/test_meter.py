"""The meter sees nothing in a right stream, and each fault in a stream that has it, and no other."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.meter import Kind, Reader, Report, Sent, judge, view
from tests.metering import chirps
from tests.metering.made import Moment, encode, idle, job
from tests.metering.stream import Stream, join
from wire.media import SAMPLES_PER_FRAME

CLIP = 30
"""Short, so that the job goes over both ends of the clip."""
START, FRAMES = 20, 68
SOUND = chirps.speech(seed=1, seconds=FRAMES / 25)
JOB = "a job"
Show = list[Moment]


def right_show() -> Show:
    """Idle, a job, and idle again."""
    spoken = job(JOB, SOUND, START, CLIP)
    return [*idle(0, START, CLIP), *spoken, *idle(START + len(spoken), 20, CLIP)]


def received(path: Path, show: Show, sound_late_s: float = 0.0) -> Stream:
    encode(path, show, sound_late_s)
    with Reader(str(path)) as reader:
        reader.finish()
    return view(reader.recording)


def report_of(path: Path, show: Show, sound_late_s: float = 0.0) -> Report:
    return judge(received(path, show, sound_late_s), [Sent(JOB, SOUND)], clip_frames=CLIP)


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Stream:
    """The right show as received."""
    return received(tmp_path_factory.mktemp("right") / "right.flv", right_show())


def test_a_right_stream_has_no_faults_and_is_measured_in_full(right: Stream) -> None:
    report = judge(right, [Sent(JOB, SOUND)], clip_frames=CLIP)
    assert report.faults == (), report
    assert report.pictures == START + FRAMES + 3 + 20
    assert report.worst_gap_pts_s == pytest.approx(0.04)
    assert max(abs(report.offset_min_s), abs(report.offset_max_s)) < 0.002
    (seen,) = report.jobs
    assert seen.frames == FRAMES
    assert seen.end_s - seen.start_s == pytest.approx((FRAMES - 1) / 25)
    assert seen.fade_in == pytest.approx((0.25, 0.5, 0.75), abs=0.03)
    assert seen.fade_out == pytest.approx((0.75, 0.5, 0.25), abs=0.03)
    assert len(seen.heard.offsets_s) == 2 + 5 + 5 + 2
    assert seen.heard.likeness == pytest.approx(1, abs=0.01)
    assert seen.attempts == {chunk: frozenset({1}) for chunk in range(4)}


def at(frame: int) -> int:
    """Where in the show the job's frame stands."""
    return START + frame


def shifted(moments: Show, frames: float) -> Show:
    return [replace(moment, at=moment.at + frames) for moment in moments]


def dropped(show: Show) -> Show:
    return show[: at(40)] + shifted(show[at(41) :], -1)


def dropped_leaving_its_time_empty(show: Show) -> Show:
    return show[: at(40)] + show[at(41) :]


def doubled(show: Show) -> Show:
    return show[: at(41)] + shifted(show[at(40) :], 1)


def doubled_patch_on_a_moving_body(show: Show) -> Show:
    show[at(41)] = replace(show[at(41)], mark=show[at(40)].mark)
    return show


def swapped(show: Show) -> Show:
    first, second = show[at(40)], show[at(41)]
    show[at(40)], show[at(41)] = replace(second, at=first.at), replace(first, at=second.at)
    return show


def patches_swapped(show: Show) -> Show:
    first, second = show[at(40)], show[at(41)]
    show[at(40)], show[at(41)] = replace(first, mark=second.mark), replace(second, mark=first.mark)
    return show


def time_gap(show: Show) -> Show:
    return show[: at(40)] + shifted(show[at(40) :], 5)


def frozen_second(show: Show) -> Show:
    """The idle clip stands still for a second, then goes on from where it stood."""
    return show[:3] + [replace(show[2], at=3 + i) for i in range(25)] + shifted(show[3:], 25)


def body_out_of_step(show: Show) -> Show:
    ahead = idle(3, 20, CLIP)
    return [replace(m, clip=other.clip) for m, other in zip(show[:20], ahead, strict=True)] + show[20:]


def body_cross_faded(show: Show) -> Show:
    """As where a job starts another time than planned: from the last frame, which stands, to another."""
    later = idle(19, START, CLIP)
    new = [replace(m, clip=other.clip) for m, other in zip(show[10:START], later, strict=False)]
    fade = [replace(m, over=show[9].clip, over_share=1 - (i + 1) / 4) for i, m in enumerate(new[:3])]
    return show[:10] + fade + new[3:] + show[START:]


def turned_back(show: Show) -> Show:
    """The clip goes back a frame where it has no end, and on again."""
    back = [replace(show[9], at=11), replace(show[10], at=12)]
    return show[:11] + back + shifted(show[11:], 2)


def black_second(show: Show) -> Show:
    return [replace(show[0], at=i, is_black=True) for i in range(25)] + shifted(show, 25)


def silent_half_second(show: Show) -> Show:
    quiet = np.zeros(SAMPLES_PER_FRAME, np.int16)
    return [replace(m, sound=quiet) if at(40) <= i < at(52) else m for i, m in enumerate(show)]


def sound_of_another_job(show: Show) -> Show:
    other = job(JOB, chirps.speech(seed=2, seconds=FRAMES / 25), START, CLIP)
    return [replace(m, sound=o.sound) for m, o in zip(show[START:], other, strict=False)]


def without_fade_in(show: Show) -> Show:
    return [replace(m, level=1.0) if i < at(4) else m for i, m in enumerate(show)]


def without_fade_out(show: Show) -> Show:
    return show[: at(FRAMES)] + idle(at(FRAMES), 23, CLIP)


def patch_of_another_chunk(show: Show) -> Show:
    mark = show[at(40)].mark
    assert mark
    show[at(40)] = replace(show[at(40)], mark=replace(mark, chunk=3))
    return show


def patch_of_an_unknown_job(show: Show) -> Show:
    mark = show[at(40)].mark
    assert mark
    show[5] = replace(show[5], mark=replace(mark, job=7), level=1.0)
    return show


WRONG: list[tuple[Callable[[Show], Show], set[Kind]]] = [
    (dropped, {Kind.MISSING, Kind.JUMP}),
    (dropped_leaving_its_time_empty, {Kind.MISSING, Kind.JUMP, Kind.TIMESTAMP}),
    (doubled, {Kind.DOUBLE, Kind.FREEZE}),
    (doubled_patch_on_a_moving_body, {Kind.DOUBLE, Kind.MISSING, Kind.MISPLACED}),
    (swapped, {Kind.ORDER, Kind.JUMP}),
    (patches_swapped, {Kind.ORDER, Kind.MISPLACED}),
    (time_gap, {Kind.TIMESTAMP}),
    (frozen_second, {Kind.FREEZE}),
    (body_out_of_step, {Kind.JUMP}),
    (body_cross_faded, {Kind.CROSS, Kind.JUMP}),
    (black_second, {Kind.BLACK}),
    (silent_half_second, {Kind.SILENCE}),
    (sound_of_another_job, {Kind.SOUND}),
    (turned_back, {Kind.TURN}),
    (without_fade_in, {Kind.FADE}),
    (without_fade_out, {Kind.FADE}),
    (patch_of_another_chunk, {Kind.MISPLACED}),
    (patch_of_an_unknown_job, {Kind.STRANGER}),
]


@pytest.mark.parametrize(("spoil", "kinds"), WRONG, ids=lambda value: getattr(value, "__name__", ""))
def test_a_fault_is_reported_and_nothing_else(
    tmp_path: Path, spoil: Callable[[Show], Show], kinds: set[Kind]
) -> None:
    report = report_of(tmp_path / "wrong.flv", spoil(right_show()))
    assert report.kinds() == kinds, report


def test_sound_60_ms_late_is_reported_and_measured(tmp_path: Path) -> None:
    report = report_of(tmp_path / "late.flv", right_show(), sound_late_s=0.06)
    assert report.kinds() == {Kind.OFFSET}, report
    assert report.offset_min_s == pytest.approx(0.06, abs=0.002)
    assert report.offset_max_s == pytest.approx(0.06, abs=0.002)
    assert report.offset_p99_s == pytest.approx(0.06, abs=0.002)


def test_sound_30_ms_late_is_within_bounds(tmp_path: Path) -> None:
    report = report_of(tmp_path / "late.flv", right_show(), sound_late_s=0.03)
    assert report.faults == (), report


def changed(stream: Stream, index: int, **changes: Any) -> Stream:
    pictures = list(stream.pictures)
    pictures[index] = replace(pictures[index], **changes)
    return replace(stream, pictures=tuple(pictures))


def judged(stream: Stream) -> Report:
    return judge(stream, [Sent(JOB, SOUND)], clip_frames=CLIP)


def test_a_timestamp_that_goes_back_is_reported(right: Stream) -> None:
    earlier = changed(right, 10, pts_s=right.pictures[8].pts_s)
    assert judged(earlier).kinds() == {Kind.TIMESTAMP}


def test_a_wait_between_two_pictures_is_reported_by_the_clock(right: Stream) -> None:
    even = [replace(p, arrival_s=p.pts_s + (1.1 if i > 10 else 0)) for i, p in enumerate(right.pictures)]
    report = judged(replace(right, pictures=tuple(even)))
    assert report.kinds() == {Kind.STALL}
    assert report.worst_gap_arrival_s == pytest.approx(1.14)


def test_a_picture_without_readable_marks_is_reported(right: Stream) -> None:
    seen = right.pictures[at(40)].seen
    assert judged(changed(right, 5, seen=replace(seen, clip=None))).kinds() >= {Kind.UNREADABLE}
    no_mark = judged(changed(right, at(40), seen=replace(seen, mark=None)))
    assert no_mark.kinds() == {Kind.UNREADABLE, Kind.MISSING}


def mixed(stream: Stream, frames: Iterable[int]) -> Stream:
    """Hide the job's frames in mixtures of two pictures, as where it crosses over from what was on."""
    for frame in frames:
        seen = replace(stream.pictures[at(frame)].seen, clip=None, mark=None, level=0.0, is_mixed=True)
        stream = changed(stream, at(frame), seen=seen)
    return stream


def test_frames_that_are_hidden_in_a_mixture_are_not_missing(right: Stream) -> None:
    report = judged(mixed(right, range(40, 43)))
    assert report.kinds() == {Kind.CROSS}, report
    assert report.jobs[0].frames == FRAMES


def test_frames_for_which_a_mixture_is_too_short_are_missing(right: Stream) -> None:
    cut = mixed(right, range(40, 43))
    gone = replace(cut, pictures=cut.pictures[: at(40)] + cut.pictures[at(41) :])
    assert Kind.MISSING in judged(gone).kinds()


def test_sound_that_ends_before_the_picture_is_reported(right: Stream) -> None:
    short = replace(right.sound, samples=right.sound.samples[:-48_000])
    assert Kind.TIMESTAMP in judged(replace(right, sound=short)).kinds()


def test_sound_with_a_gap_in_its_timestamps_is_reported_and_laid_where_they_say() -> None:
    pieces = [(np.full(1024, 1000, np.float32), start_s) for start_s in (1.0, 1.021, 1.143)]
    sound = join(pieces)
    ((at_s, jump_s),) = sound.breaks
    assert (at_s, round(jump_s, 2)) == (1.143, 0.1)
    assert sound.cut(1.05, 48).max() == 0
    assert sound.cut(1.15, 48).min() == 1000


def test_a_job_that_never_came_is_missing(right: Stream) -> None:
    report = judge(right, [Sent(JOB, SOUND), Sent("another", SOUND)], clip_frames=CLIP)
    assert [str(fault.kind) for fault in report.faults] == ["missing"]
