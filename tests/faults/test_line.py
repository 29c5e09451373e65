"""Many short jobs in a line: each is spoken once, in order, and nothing shows between them."""

import random
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.show import BEFORE_AND_AFTER, judged
from tests.faults.ledger import Entry
from tests.faults.verdict import check
from tests.metering.chirps import speech, wav
from tests.metering.recording import Reader
from tests.system import System
from wire.media import FPS

JOBS, JOBS_FULL = 10, 100
SHORTEST_S, LONGEST_S = 0.2, 5.0
LINE_S = 600.0
"""A hundred jobs take half of it."""
ROUNDING_S = 0.0015
"""FLV's timestamps are whole milliseconds."""


def sounds(count: int) -> list[NDArray[np.int16]]:
    lot = random.Random(count)
    return [speech(200 + n, round(lot.uniform(SHORTEST_S, LONGEST_S), 2)) for n in range(count)]


def post(system: System, sound: NDArray[np.int16]) -> str:
    """Post a sound as soon as there is room for it; return its job's id."""
    ids: list[str] = []

    def is_taken() -> bool:
        answer = system.client.post(wav(sound))
        assert answer.status in (200, 429), answer
        ids.extend([answer.body["task_id"]] if answer.status == 200 else [])
        return bool(ids)

    system.await_that(is_taken, "taken")
    return ids[0]


@pytest.mark.fault("100 jobs of 0.2 s to 5 s, one behind the other")
@pytest.mark.runs(1)
@pytest.mark.timeout(2 * LINE_S)
@pytest.mark.slow
def test_jobs_in_a_line_follow_each_other_without_a_picture_of_idle(
    system: System, entry: Entry, is_full: bool
) -> None:
    sent = sounds(JOBS_FULL if is_full else JOBS)
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        ids = [post(system, sound) for sound in sent]
        system.await_that(partial(system.client.is_over, ids[-1]), "spoken", LINE_S)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    seen = judged(system, reader.recording, dict(zip(ids, sent, strict=True)))
    check(system, seen, sent, entry)
    assert [job.job_id for job in sorted(seen.report.jobs, key=lambda job: job.start_s)] == ids
    idle = [after.start_s - before.end_s - 1 / FPS for before, after in pairwise(seen.report.jobs)]
    assert max(idle) < ROUNDING_S, [round(each, 3) for each in idle]
