"""Frames that come late on air: speech stands still, and goes on where the body comes back to it."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import begin_anew
from tests.faults.ledger import Entry
from tests.faults.verdict import records, survive
from tests.metering.chirps import speech
from tests.metering.faults import Kind
from tests.system import System

TRIES = 5
"""A busy machine may start the job so late that the frames held back are there in time."""


@pytest.mark.fault("frames late on air")
@pytest.mark.slow
def test_speech_whose_frames_come_late_goes_on_in_phase(
    system: System, plan: Callable[[str], object], entry: Entry
) -> None:
    plan("hold=1.5 1")
    assert any(goes_on_in_phase(system, entry, seed=90 + i) for i in range(TRIES))


def goes_on_in_phase(system: System, entry: Entry, seed: int) -> bool:
    begin_anew(system)  # a worker that was held back is taken for slow, and the next job starts later
    seen = survive(system, [speech(seed, seconds=3)], lambda: None, entry)
    (job,) = records(system, seen)
    return job.underruns == 1 and Kind.TURN in seen.report.kinds() and Kind.CROSS not in seen.report.kinds()
