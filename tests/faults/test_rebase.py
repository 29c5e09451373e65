"""Timestamps near the end of what FLV can tell start again at 0, while nobody speaks: no word is lost."""

from dataclasses import replace

import pytest

from streamer.encoder import REBASE_TICKS
from tests.e2e.show import BEFORE_AND_AFTER, judged
from tests.faults.ledger import Entry
from tests.faults.verdict import broker, check
from tests.meter import FADE_FRAMES
from tests.metering.chirps import speech, wav
from tests.metering.faults import Kind
from tests.metering.recording import Reader, Recording, Track
from tests.system import System
from wire import channels, keys
from wire.connection import now_ms
from wire.media import FPS

CHANNEL = "old"
BEFORE_S = 10
"""The streamer starts so long before timestamps are to start again."""
AWAIT_S = 30.0
PAUSE = "s from the last picture to the first with a new timestamp"
PAUSE_S = 2.0
WRAP_S = 2**32 / 1000


@pytest.fixture
def old(system: System) -> None:
    """A streamer that takes up a stream of 20 days."""
    name = system.add_streamer(CHANNEL)
    system.await_that(lambda: channels.load(broker(system), CHANNEL) is not None, "on air", AWAIT_S)
    system.end(name)
    broker(system).hset(keys.channel(CHANNEL), "tick", str(REBASE_TICKS - BEFORE_S * FPS))
    broker(system).hset(keys.channel(CHANNEL), "at_ms", str(now_ms(broker(system))))
    system.start(name)


@pytest.mark.fault("timestamps at 20 days, a job on air")
@pytest.mark.slow
@pytest.mark.usefixtures("old")
def test_timestamps_start_again_once_the_job_on_air_is_spoken(system: System, entry: Entry) -> None:
    sounds = [speech(97, seconds=2 * BEFORE_S)]
    with Reader(system.url_of(CHANNEL)) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        job_id = system.client.speak(wav(sounds[0]), channel=CHANNEL)
        system.await_that(lambda: system.client.is_over(job_id), "spoken", 2 * BEFORE_S + AWAIT_S)
        system.await_that(lambda: is_published_again(system), "published again", AWAIT_S)
        with Reader(system.url_of(CHANNEL)) as anew:
            anew.wait_for(pictures=BEFORE_AND_AFTER)
    assert anew.recording.video.packets[0].pts_s < AWAIT_S
    before, after = split(reader.recording)
    check(system, judged(system, before, {job_id: sounds[0]}), sounds, entry)
    idle = judged(system, after, {})
    # the mouth closes over the first of the new pictures
    closing = [fault for fault in idle.faults if fault.kind is Kind.STRANGER]
    assert idle.faults == closing, str(idle.report)
    assert len(closing) < FADE_FRAMES
    entry.gaps_s.append(after.video.packets[0].arrival_s - before.video.packets[-1].arrival_s)
    entry.keep(PAUSE, entry.gaps_s[-1], PAUSE_S)


def split(recording: Recording) -> tuple[Recording, Recording]:
    """Return what came before timestamps started again, and what came after.

    A reader that is there all the while takes it for the end of what FLV's 32 bits can tell, and goes on
    behind that.
    """

    def part(track: Track, is_after: bool) -> Track:
        return replace(track, packets=[p for p in track.packets if (p.pts_s >= WRAP_S) is is_after])

    before, after = (
        Recording(part(recording.video, is_after), part(recording.audio, is_after))
        for is_after in (False, True)
    )
    return before, after


def is_published_again(system: System) -> bool:
    rtmp = system.client.targets(CHANNEL)["rtmp1"]
    return bool(rtmp["reconnects"] > 0 and rtmp["state"] == "connected")
