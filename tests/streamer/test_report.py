"""Telling what was sent: to the broker, and then to the frames server."""

import logging
from dataclasses import asdict, replace
from threading import Event, Thread

import numpy as np
import pytest
from redis import Redis

from streamer.buffer import Spoken
from streamer.counters import Counters, changes
from streamer.fences import Fences
from streamer.progress import Progress
from streamer.report import TICKS_MAX, Place, Reporter, resume
from tests.conftest import free_port
from tests.streamer.conftest import PATIENCE_S, make_job, make_patch, post, render, wait_until
from wire import channels, chunks, connection, gauges, jobs, keys, supply
from wire.channels import Channel
from wire.gauges import Gauges
from wire.jobs import Job, State
from wire.media import SAMPLES_PER_FRAME

CHANNEL = Channel("main", "avatar", 10, 64, 36, 0)
GAUGES = Gauges(playout_lag_s=0.08, buffer_ahead_s=2.5)


def sent(
    progress: Progress, job: Job, *numbers: int, own_mouth: bool = False, was_late: bool = False
) -> None:
    silence = np.zeros(SAMPLES_PER_FRAME, np.int16)
    for n in numbers:
        progress.note(Spoken(job, n, n, make_patch(), silence, own_mouth, was_late))


def lost(progress: Progress, job: Job, number: int) -> None:
    progress.lose(Spoken(job, number, number, make_patch(), np.zeros(SAMPLES_PER_FRAME, np.int16)))


def reporter(broker: Redis, progress: Progress, counters: Counters | None = None) -> Reporter:
    return Reporter(
        broker,
        lambda: replace(CHANNEL, position=1234, tick=77),
        lambda: GAUGES,
        progress,
        counters or Counters(),
        60,
    )


def once(part: Reporter | Fences) -> None:
    """Run one last round, as at the end."""
    stop = Event()
    stop.set()
    part.run(stop)


def record(broker: Redis, job_id: str = "j") -> Job:
    job = jobs.load(broker, job_id)
    assert job is not None
    return job


def test_channel_is_told_with_its_place(broker: Redis) -> None:
    before = connection.now_ms(broker)
    once(reporter(broker, Progress()))
    channel = channels.load(broker, "main")
    assert channel is not None
    assert (channel.position, channel.tick, channel.avatar, channel.width) == (1234, 77, "avatar", 64)
    assert before <= channel.at_ms <= connection.now_ms(broker)


def test_timeline_goes_on_from_the_record_and_the_time_since(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels.report(broker, CHANNEL)
    now = connection.now_ms(broker)
    monkeypatch.setattr("streamer.report.now_ms", lambda _: now)
    broker.hset(
        keys.channel("main"), mapping={"position": 500, "tick": 200, "idle_place": 70, "at_ms": now - 4000}
    )
    assert resume(broker, "main") == Place(600, 300, 170)
    broker.hset(keys.channel("main"), "tick", TICKS_MAX)
    assert resume(broker, "main") == Place(600, 0, 170)


@pytest.mark.parametrize("mapping", [{}, {"position": "x"}, {"position": "1", "surplus": "2"}])
def test_timeline_starts_at_0_where_the_record_is_none_or_broken(
    broker: Redis, mapping: dict[str, str]
) -> None:
    for field, value in mapping.items():
        broker.hset(keys.channel("main"), field, value)
    assert resume(broker, "main") == Place()


def test_timeline_starts_at_0_without_redis() -> None:
    assert resume(connection.broker(f"redis://127.0.0.1:{free_port()}", 0.2), "main") == Place()


def test_job_goes_on_air_advances_and_is_done(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=40), Progress()
    post(broker, frames, job)
    told = reporter(broker, progress)
    sent(progress, job, 0)
    once(told)
    assert (record(broker).state, record(broker).frames_aired) == (State.ON_AIR, 1)
    sent(progress, job, *range(1, 30))
    once(told)
    assert (record(broker).state, record(broker).frames_aired) == (State.ON_AIR, 30)
    sent(progress, job, *range(30, 40))
    once(told)
    done = record(broker)
    assert (done.state, done.frames_aired, done.degraded) == (State.DONE, 40, False)
    assert jobs.playlist(broker, "main") == []


def test_beginning_and_end_of_a_job_are_told_before_the_next_beat() -> None:
    job, progress = make_job(frames=3), Progress()
    sent(progress, job, 0)
    assert progress.news.is_set()
    progress.news.clear()
    sent(progress, job, 1)
    assert not progress.news.is_set()
    sent(progress, job, 2)
    assert progress.news.is_set()


def test_frames_without_their_patch_are_told(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=3), Progress()
    post(broker, frames, job)
    sent(progress, job, 0, own_mouth=True)
    sent(progress, job, 1, 2)
    once(reporter(broker, progress))
    assert record(broker).degraded


def test_frames_that_were_never_sent_are_told_and_the_job_ends(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=4), Progress()
    post(broker, frames, job)
    sent(progress, job, 0)
    lost(progress, job, 1)
    sent(progress, job, 2)
    lost(progress, job, 3)
    once(reporter(broker, progress))
    done = record(broker)
    assert (done.state, done.frames_aired, done.degraded) == (State.DONE, 4, True)
    assert done.frames_lost == 2


def test_speech_that_stood_still_is_told_with_the_frame_it_goes_on_with(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=40), Progress()
    post(broker, frames, job)
    told = reporter(broker, progress)
    sent(progress, job, *range(8))
    once(told)
    assert record(broker).underruns == 0
    sent(progress, job, 8, 20, was_late=True)
    once(told)
    assert record(broker).underruns == 2


def test_speech_that_stood_still_is_counted_on_after_a_restart(broker: Redis, frames: Redis) -> None:
    job, progress = replace(make_job(frames=40), underruns=3), Progress()
    post(broker, frames, job)
    sent(progress, job, 8, was_late=True)
    once(reporter(broker, progress))
    assert record(broker).underruns == 4


def test_frame_that_comes_behind_a_lost_one_does_not_move_the_job_back() -> None:
    job, progress = make_job(frames=4), Progress()
    lost(progress, job, 2)
    sent(progress, job, 1)
    assert [aired.frames for aired in progress.untold()] == [3]


def test_job_that_ended_elsewhere_is_not_brought_back_and_its_frames_go(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=40), Progress()
    post(broker, frames, job)
    render(frames, job)
    assert jobs.move(broker, job, State.FAILED, 60)
    sent(progress, job, 0)
    once(reporter(broker, progress))
    once(Fences(frames, progress))
    assert record(broker).state is State.FAILED
    assert frames.keys("frames:*") == []
    assert progress.untold() == []


def test_job_that_was_cancelled_is_told_how_far_it_really_got(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=40), Progress()
    post(broker, frames, job)
    told, fences = reporter(broker, progress), Fences(frames, progress)
    sent(progress, job, *range(10))
    once(told)
    assert jobs.move(broker, job, State.CANCELLED, 60)
    sent(progress, job, *range(10, 20))
    once(told)
    sent(progress, job, 20)  # what the encoder still held
    once(fences)
    once(told)
    once(fences)
    cancelled = record(broker)
    assert (cancelled.state, cancelled.frames_aired) == (State.CANCELLED, 21)
    assert cancelled.interrupted_at_s == 0.84
    assert progress.untold() == progress.told() == []


def test_what_redis_did_not_hear_is_told_when_it_is_back(
    broker: Redis, frames: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    job, progress, counters = make_job(frames=40), Progress(), Counters()
    post(broker, frames, job)
    client = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)
    told = reporter(client, progress, counters)
    sent(progress, job, *range(40))
    once(told)
    assert record(broker).state is State.RENDERING
    assert counters.reports_failed == 1
    assert "reporting to the broker failed" in caplog.text
    client.connection_pool = broker.connection_pool
    once(told)
    assert record(broker).state is State.DONE


def test_what_aired_is_forgotten_chunk_by_chunk_once_the_broker_was_told(
    broker: Redis, frames: Redis
) -> None:
    job, progress = make_job(frames=40), Progress()
    post(broker, frames, job)
    render(frames, job)
    told, fences = reporter(broker, progress), Fences(frames, progress)
    sent(progress, job, *range(8))
    once(fences)
    assert frames.exists(keys.frames("j", 0))
    once(told)
    once(fences)
    assert not frames.exists(keys.frames("j", 0))
    assert frames.exists(keys.frames("j", 1))
    sent(progress, job, *range(8, 40))
    once(told)
    once(fences)
    assert frames.keys("frames:*") == []
    assert frames.hget(keys.fence("j"), "chunk") == str(chunks.count(40)).encode()


def test_frames_server_that_fails_holds_up_neither_report_nor_end(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=8), Progress()
    post(broker, frames, job)
    render(frames, job)
    client = connection.frames(f"redis://127.0.0.1:{free_port()}/1", 0.2)
    fences = Fences(client, progress)
    sent(progress, job, *range(8))
    once(reporter(broker, progress))
    once(fences)
    assert record(broker).state is State.DONE
    client.connection_pool = frames.connection_pool
    once(fences)
    assert frames.keys("frames:*") == []
    assert progress.told() == []


def test_late_chunk_of_a_done_job_is_refused(broker: Redis, frames: Redis) -> None:
    job, progress = make_job(frames=8), Progress()
    post(broker, frames, job)
    sent(progress, job, *range(8))
    once(reporter(broker, progress))
    once(Fences(frames, progress))
    with pytest.raises(supply.RefusedError):
        render(frames, job)


def test_counters_are_logged_when_they_changed(
    broker: Redis, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.report.COUNTERS_S", 0.0)
    caplog.set_level(logging.WARNING)
    counters = Counters()
    told = reporter(broker, Progress(), counters)
    counters.ticks_late = 3
    once(told)
    once(told)
    counters.ticks_late = 5
    once(told)
    assert [record.message for record in caplog.records] == ["ticks_late 3 (+3)", "ticks_late 5 (+2)"]


def test_what_belongs_to_a_stream_that_is_well_is_counted_and_not_logged() -> None:
    before, now = Counters(fades=2), Counters(fades=4, cross_fades=1)
    assert changes(before, now) == "cross_fades 1 (+1)"


def test_how_the_channel_stands_is_told_to_the_broker_and_forgotten_when_the_streamer_has_ended(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.report.COUNTERS_S", 0.0)
    once(reporter(broker, Progress()))
    assert gauges.load(broker, "main") == GAUGES
    assert 0 < int(broker.ttl(keys.gauges("main"))) <= gauges.TOLD_S
    assert gauges.load(broker, "other") == Gauges()


def test_counters_are_told_to_the_broker_and_forgotten_when_the_streamer_has_ended(
    broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.report.COUNTERS_S", 0.0)
    once(reporter(broker, Progress(), Counters(underruns=2)))
    assert channels.counters(broker, "main") == asdict(Counters(underruns=2))
    assert 0 < int(broker.ttl(keys.counters("main"))) <= channels.COUNTED_S


def test_threads_end_on_stop(broker: Redis, frames: Redis) -> None:
    progress, stop = Progress(), Event()
    parts = (reporter(broker, progress), Fences(frames, progress))
    threads = [Thread(target=part.run, args=(stop,)) for part in parts]
    for thread in threads:
        thread.start()
    wait_until(lambda: channels.load(broker, "main") is not None)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
