"""RTMP servers that go away, refuse, fall silent or are slow: only their own viewers see anything of it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.places import another_server, await_state, target
from tests.e2e.show import BEFORE_AND_AFTER, judged
from tests.faults import hosts
from tests.faults.ledger import TIMES, Entry
from tests.faults.verdict import await_aired, check_but_holes, records, survive
from tests.metering import timing
from tests.metering.chirps import speech, wav
from tests.metering.recording import Reader, joined
from tests.streamer.uplink import Uplink
from tests.system import System, free_ports
from wire.media import FPS

AWAY_S = 3.0
"""How long a server is away that is started again."""
BACK = "s until the stream is there again"
BACK_RESTARTED_S, BACK_HEALED_S = 4.0, 5.0
SEEN = "s until it is seen"
SEEN_S = 10.0
SILENT_S, SILENT_FULL_S = 15.0, 60.0
SLOW_S, SLOW_FULL_S = 20.0, 120.0
AUDIO_KBPS = 128
GROUP_S = 2.0
"""A keyframe, and what follows it."""


@contextmanager
def read_again(url: str) -> Iterator[Reader]:
    """A viewer who tries until the server and the stream are there."""
    end = time.monotonic() + TIMES * SEEN_S
    with ExitStack() as stack:
        while True:
            try:
                reader = stack.enter_context(Reader(url))
                break
            except RuntimeError:
                assert time.monotonic() < end, "the stream did not come back"
        yield reader


def others(system: System) -> dict[str, tuple[int, int]]:
    """Return how often each target but the first was connected again, and what it lacks."""
    told = system.client.targets()
    return {n: (t["reconnects"], t["groups_dropped"]) for n, t in told.items() if n != "rtmp1"}


@pytest.mark.slow
@pytest.mark.fault("RTMP server killed mid-job, and started again 3 s later")
def test_server_that_is_started_again_is_published_to_again(system: System, entry: Entry) -> None:
    sound, before = speech(91, seconds=9), others(system)
    with Reader(system.rtmp_url) as first:
        first.wait_for(pictures=BEFORE_AND_AFTER)
        job_id = system.client.speak(wav(sound))
        await_aired(system, 40)
        system.kill("rtmp")
    time.sleep(AWAY_S)
    system.start("rtmp")
    began = time.monotonic()
    with read_again(system.rtmp_url) as again:
        system.await_that(lambda: system.client.is_over(job_id), "spoken")
        again.wait_for(pictures=BEFORE_AND_AFTER)
    seen = judged(system, joined(first.recording, again.recording), {job_id: sound})
    (job,) = records(system, seen)
    assert (job.state, job.frames_aired, job.degraded) == ("done", job.frames, False)
    check_but_holes(seen)
    assert others(system) == before
    entry.gaps_s.append(timing.worst_gap([picture.pts_s for picture in seen.stream.pictures]))
    entry.keep(BACK, again.recording.video.packets[0].arrival_s - began, BACK_RESTARTED_S)


@contextmanager
def line_to(system: System, name: str, bytes_per_s: float) -> Iterator[tuple[Uplink, str]]:
    """A line of that rate to the system's RTMP server, and a target at its end: the stream `name`."""
    (port,) = free_ports(1)
    with (
        Uplink(port, urlsplit(system.rtmp_url).port or 0, bytes_per_s) as line,
        target(system, f"rtmp://127.0.0.1:{port}/live/{name}") as added,
    ):
        yield line, added


@pytest.mark.fault("an RTMP server refuses: the stream's name is taken")
@pytest.mark.slow
def test_server_that_refuses_is_asked_at_most_once_a_second(system: System, entry: Entry) -> None:
    with line_to(system, "main", float("inf")) as (line, busy):

        def be_refused() -> None:
            system.await_that(lambda: len(line.calls_s) >= 4, "refused four times")
            told = system.client.targets()[busy]
            assert (told["state"], told["reconnects"]) == ("connecting", 0)
            assert told["error"]

        survive(system, [speech(92, seconds=8)], be_refused, entry)
    spans = [later - earlier for earlier, later in pairwise(line.calls_s)]
    assert min(spans) > 0.9, spans
    entry.figures.setdefault("s from one try to the next", []).extend(spans)


@pytest.fixture
def far() -> Iterator[hosts.Host]:
    if why := hosts.reason():
        pytest.skip(why)
    with hosts.host() as made:
        yield made


@pytest.mark.fault("an RTMP server's host answers nothing any more, for a minute")
@pytest.mark.slow
def test_black_hole_is_seen_and_left_and_viewers_elsewhere_notice_nothing(
    system: System, far: hosts.Host, entry: Entry, is_full: bool, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    url = f"rtmp://{far.own_address}:{port}/live/far"
    with ExitStack() as stack:
        stack.enter_context(another_server(port, tmp_path, far.run))
        name = stack.enter_context(target(system, url))
        await_state(system, name, "connected")
        last = stack.enter_context(Reader(url)).recording

        def fall_silent() -> None:
            await_aired(system, 40)
            far.mute()
            began = time.monotonic()
            await_state(system, name, "connecting")
            entry.keep(SEEN, time.monotonic() - began, SEEN_S)
            time.sleep(max(0.0, began + (SILENT_FULL_S if is_full else SILENT_S) - time.monotonic()))
            far.unmute()
            began = time.monotonic()
            with read_again(url) as again:
                first = again.recording.video.packets[0]
            entry.keep(BACK, first.arrival_s - began, BACK_HEALED_S)
            assert first.pts_s > last.video.packets[-1].pts_s

        survive(system, [speech(93, seconds=8)], fall_silent, entry)


@pytest.mark.fault("a target's uplink has half the bit rate, for two minutes")
@pytest.mark.runs(1)
@pytest.mark.timeout(5 * SLOW_FULL_S)
@pytest.mark.slow
def test_slow_uplink_costs_whole_groups_there_and_nothing_elsewhere(
    system: System, entry: Entry, is_full: bool
) -> None:
    half = (int(system.environment["LIVE_VIDEO_KBPS"]) + AUDIO_KBPS) * 1000 / 8 / 2
    sound = speech(94, seconds=SLOW_FULL_S if is_full else SLOW_S)
    with ExitStack() as stack:
        _, name = stack.enter_context(line_to(system, "slow", half))
        await_state(system, name, "connected")
        slow = stack.enter_context(Reader(system.url_of("slow")))
        main = survive(system, [sound], lambda: None, entry)
        told = system.client.targets()[name]
    assert told["groups_dropped"] > 0
    assert told["reconnects"] == 0
    seen = judged(system, slow.recording, {main.jobs[0]["id"]: sound})
    check_but_holes(seen)
    steps = [after.pts_s - before.pts_s for before, after in pairwise(seen.stream.pictures)]
    holes = [step for step in steps if step > 1.5 / FPS]
    assert holes
    assert all(abs(hole % GROUP_S - 1 / FPS) < 0.003 for hole in holes), holes
