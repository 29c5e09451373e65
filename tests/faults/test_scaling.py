"""Workers come and go, fast and slow, and serve all channels and jobs; viewers do not notice."""

import time
from collections.abc import Callable

import pytest

from tests.e2e.show import BEFORE_AND_AFTER, WAIT_S, judged
from tests.faults.conftest import WORKERS, count_workers
from tests.faults.ledger import TIMES, Entry
from tests.faults.verdict import await_row, broker, check, process_of, survive
from tests.meter import Reader
from tests.metering.chirps import speech, wav
from tests.system import System
from wire import channels, chunks, jobs
from wire.media import FPS

Plan = Callable[[str], object]
TAKES_WORK_S = 2.0


def freeze_from(system: System, first: int) -> None:
    """Freeze the shared workers from the index `first` on, and wait until they count as dead."""
    for index in range(first, WORKERS):
        system.freeze(f"render{index}")
    left = count_workers(system) - (WORKERS - first)
    system.await_that(lambda: count_workers(system) <= max(left, first), "missed")


@pytest.mark.fault("TERM to a worker in a chunk")
def test_worker_that_is_asked_to_end_ends_its_chunk_and_nothing_is_done_twice(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("hold=1 3")

    def end() -> None:
        system.end(process_of(await_row(system, 3)))

    seen = survive(system, [speech(seed=41, seconds=5)], end, entry)
    tries = seen.report.jobs[0].attempts
    assert tries[3] == {1}
    assert all(len(numbers) == 1 for numbers in tries.values()), tries


@pytest.mark.fault("a worker added, another ended in a job")
def test_worker_that_joins_takes_work_at_once_and_one_that_leaves_takes_none_with_it(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("hold=0.9 all")
    freeze_from(system, 1)

    def join_and_leave() -> None:
        await_row(system, 1)
        system.add_worker(WORKERS)
        system.await_that(lambda: count_workers(system) == 2, "alive")
        began = time.monotonic()
        system.await_that(lambda: f"gpu.test.{WORKERS}" in workers_at_work(system), "at work")
        entry.figures.setdefault("s until the added one has work", []).append(time.monotonic() - began)
        system.end("render0")

    survive(system, [speech(seed=42, seconds=12)], join_and_leave, entry)
    assert entry.figures["s until the added one has work"][-1] < TIMES * TAKES_WORK_S


def workers_at_work(system: System) -> set[str]:
    """Return which workers have a chunk of the job that is spoken."""
    (job_id,) = jobs.playlist(broker(system), "main")
    return {row.worker for row in chunks.table(broker(system), job_id).values()}


@pytest.mark.fault("one worker five times slower")
@pytest.mark.slow
def test_slow_worker_beside_a_fast_one_makes_nothing_late(system: System, entry: Entry) -> None:
    for index, speed in enumerate(("50", "10"), WORKERS):
        system.add_worker(index, MADE_UP_SPEED=speed)
    system.await_that(lambda: count_workers(system) == WORKERS + 2, "alive")
    freeze_from(system, 0)
    survive(system, [speech(seed=43, seconds=5)], lambda: None, entry)


@pytest.mark.fault("the only worker half as fast as speech")
@pytest.mark.slow
def test_speech_waits_for_a_worker_that_is_too_slow_and_loses_nothing(system: System, entry: Entry) -> None:
    system.add_worker(WORKERS, MADE_UP_SPEED=str(FPS / 2))
    system.await_that(lambda: count_workers(system) == WORKERS + 1, "alive")
    freeze_from(system, 0)
    counted = underruns(system)

    def wait() -> None:
        (job_id,) = jobs.playlist(broker(system), "main")
        system.await_that(lambda: system.client.is_over(job_id), "spoken")

    survive(system, [speech(seed=48, seconds=15)], wait, entry)
    assert entry.paused_s[-1] > 0
    system.await_that(lambda: underruns(system) > counted, "counted", WAIT_S)


def underruns(system: System) -> int:
    return channels.counters(broker(system), "main")["underruns"]


@pytest.mark.fault("a job posted in the last frames of another")
@pytest.mark.slow
def test_job_posted_in_the_last_frames_of_another_is_spoken_after_it(system: System, entry: Entry) -> None:
    sounds = [speech(seed=44, seconds=2), speech(seed=45, seconds=2)]
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        first = system.client.speak(wav(sounds[0]))
        system.await_that(lambda: system.client.job(first)["frames_aired"] >= 45, "nearly spoken", WAIT_S)
        second = system.client.speak(wav(sounds[1]))
        system.await_that(lambda: system.client.is_over(second), "spoken", WAIT_S)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    seen = judged(system, reader.recording, {first: sounds[0], second: sounds[1]})
    check(system, seen, sounds, entry)
    assert [job.job_id for job in seen.report.jobs] == [first, second]
    assert seen.report.jobs[0].end_s < seen.report.jobs[1].start_s


@pytest.mark.fault("a worker killed -9 while two channels speak")
def test_two_channels_share_the_workers_and_both_survive_one(
    system: System, plan: Plan, entry: Entry
) -> None:
    plan("hold=30 2:1")
    sounds = {"main": speech(seed=46, seconds=3), "second": speech(seed=47, seconds=3)}
    system.add_streamer("second")
    system.await_that(lambda: broker(system).exists("channel:second") == 1, "on air")
    with Reader(system.url_of("main")) as main, Reader(system.url_of("second")) as second:
        readers = {"main": main, "second": second}
        for reader in readers.values():
            reader.wait_for(pictures=BEFORE_AND_AFTER)
        ids = {name: system.client.speak(wav(sound), channel=name) for name, sound in sounds.items()}
        system.kill_all_of(process_of(await_row(system, 2)))
        system.await_that(lambda: all(map(system.client.is_over, ids.values())), "spoken", 3 + WAIT_S)
        for reader in readers.values():
            reader.wait_for(pictures=BEFORE_AND_AFTER)
    for name, reader in readers.items():
        seen = judged(system, reader.recording, {ids[name]: sounds[name]})
        check(system, seen, [sounds[name]], entry)
