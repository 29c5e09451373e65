"""Many sounds posted at once: each is refused with a reason, or accepted and spoken."""

import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.client import Answer
from tests.e2e.show import inexcusable
from tests.faults.ledger import Entry
from tests.meter import Reader, Sent, judge, view
from tests.metering.chirps import speech, wav
from tests.metering.faults import Kind
from tests.system import System
from wire.media import FPS

POSTS, POSTS_FULL = 50, 200
SECONDS = 0.2
ANSWERED_S = 3.0
"""Three times what 99 of 100 posts are answered within, 200 of them at once."""
VEILED = {Kind.MISSING, Kind.DOUBLE, Kind.UNREADABLE}
"""What the meter makes of two mouths in a picture, where a job that is late crosses over from the last."""
REFUSED = {(429, "playlist_full"), (503, "busy"), (503, "no_streamer"), (503, "no_render_worker")}
"""The last two where the machine is so busy that a heart is not heard for two seconds."""
ANSWERED = "s until 99 of 100 posts were answered"


@pytest.mark.fault("many posts at once")
def test_each_of_many_posts_is_refused_or_spoken(system: System, entry: Entry, is_full: bool) -> None:
    sounds = [speech(seed=100 + n, seconds=SECONDS) for n in range(POSTS_FULL if is_full else POSTS)]
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=FPS)
        timed = post_at_once(system, [wav(sound) for sound in sounds])
        answers = [answer for answer, _ in timed]
        sent = [
            Sent(answer.body["task_id"], sound)
            for answer, sound in zip(answers, sounds, strict=True)
            if answer.status == 200
        ]
        await_all(system, [job.job_id for job in sent])
        reader.wait_for(pictures=FPS)
    refused = {(answer.status, answer.body["error"]["code"]) for answer in answers if answer.status != 200}
    assert sent
    assert refused <= REFUSED
    stream = view(reader.recording)
    report = judge(stream, sent)
    assert {job.job_id for job in report.jobs} == {job.job_id for job in sent}
    faults = inexcusable(report.faults, stream.pictures)
    assert [fault for fault in faults if fault.kind not in VEILED] == [], str(report)
    note(entry, [took_s for _, took_s in timed], is_full)


def post_at_once(system: System, bodies: Sequence[bytes]) -> list[tuple[Answer, float]]:
    """Return what each post was answered, and after how many seconds."""

    def post(body: bytes) -> tuple[Answer, float]:
        began = time.monotonic()
        return system.client.post(body), time.monotonic() - began

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(post, bodies))


def await_all(system: System, ids: Sequence[str]) -> None:
    for job_id in ids:
        system.await_that(partial(system.client.is_over, job_id), "spoken")
        assert system.client.job(job_id)["state"] == "done"


def note(entry: Entry, took_s: Sequence[float], is_full: bool) -> None:
    p99 = statistics.quantiles(took_s, n=100, method="inclusive")[-1]
    entry.figures.setdefault(ANSWERED, []).append(p99)
    entry.paused_s.append(0.0)
    if is_full:
        assert p99 < ANSWERED_S
