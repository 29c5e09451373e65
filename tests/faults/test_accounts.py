"""The account of a job's chunks is even only if viewers saw what its record says."""

from collections.abc import Iterable

import numpy as np

from tests.faults.accounts import Account, account
from tests.metering.marks import Mark, Seen, job_number
from tests.metering.stream import Picture, Sound, Stream
from wire.chunks import chunk_of
from wire.jobs import Job, State
from wire.media import FPS

JOB = Job("j", "main", State.DONE, 0, frames=58, frames_aired=58, chunks_sent=3)


def test_job_that_aired_whole_is_even() -> None:
    assert account(JOB, seen(range(58))) == Account(dispatched=3, aired=3, replaced=0, cancelled=0)
    assert account(JOB, seen(range(58))).is_even


def test_job_that_was_cut_off_is_even_if_all_before_the_cut_was_seen() -> None:
    cut = Job("j", "main", State.CANCELLED, 0, frames=100, frames_aired=40, chunks_sent=5)
    assert account(cut, seen(range(40))) == Account(dispatched=5, aired=2, replaced=0, cancelled=3)
    assert account(cut, seen(range(40))).is_even


def test_chunk_that_was_missing_before_the_cut_is_not_excused_by_it() -> None:
    cut = Job("j", "main", State.CANCELLED, 0, frames=100, frames_aired=40, chunks_sent=5)
    assert not account(cut, seen([*range(10), *range(20, 40)])).is_even


def test_chunk_that_is_told_of_as_replaced_and_was_seen_is_not_even() -> None:
    told = Job("j", "main", State.DONE, 0, frames=58, frames_aired=58, chunks_sent=3, chunks_replaced=1)
    assert not account(told, seen(range(58))).is_even


def seen(frames: Iterable[int]) -> Stream:
    """Return a stream of idle and then these frames of the job `j`."""
    marks = [None, *(Mark(job_number("j"), chunk_of(frame), frame, 1, 0) for frame in frames)]
    pictures = [
        Picture(at / FPS, at / FPS, Seen(0, mark, float(mark is not None), 100.0))
        for at, mark in enumerate(marks)
    ]
    return Stream(tuple(pictures), Sound(0.0, np.zeros(0, np.float32), ()))
