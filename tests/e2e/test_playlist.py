"""Jobs that jump the queue: what viewers see is the order that was asked for, and nothing else is missing."""

from pathlib import Path

from tests.e2e.show import BEFORE_AND_AFTER, WAIT_S, inexcusable
from tests.faults.verdict import broker
from tests.meter import Fault, Kind, Reader, Report, Sent, judge, view
from tests.metering.chirps import speech, wav
from tests.system import System
from wire import jobs
from wire.media import FPS

LONG_S, SHORT_S = 30.0, 1.2
"""The first job goes on long after the window, so that none behind it is planned before all are posted: one
that is overtaken later crosses over from another's mouth, and its first frames cannot be told."""
GAP_S = 3.0
"""The air may be idle for so long on a busy machine after a job was cut off; 0.5 s are usual."""


def test_jobs_air_in_the_order_that_was_asked_for_and_now_cuts_off_what_is_on_air(system: System) -> None:
    client = system.client
    sounds = {name: speech(seed=80 + n, seconds=SHORT_S) for n, name in enumerate("bcde")}
    sounds["a"] = speech(seed=79, seconds=LONG_S)
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=BEFORE_AND_AFTER)
        ids = {"a": client.speak(wav(sounds["a"]))}
        system.await_that(lambda: client.job(ids["a"])["frames_aired"] > 0, "on air")
        for name, mode in (("b", "append"), ("c", "append"), ("d", "next"), ("e", "now")):
            ids[name] = client.speak(wav(sounds[name]), mode=mode)
        assert jobs.playlist(broker(system), "main") == [ids[name] for name in "aedbc"]
        system.await_that(lambda: all(map(client.is_over, ids.values())), "spoken", LONG_S + WAIT_S)
        reader.wait_for(pictures=BEFORE_AND_AFTER)
    stream = view(reader.recording)
    report = judge(stream, [Sent(ids[name], sounds[name]) for name in ids])
    check_cut_off(client.job(ids["a"]), report, inexcusable(report.faults, stream.pictures))
    others = [client.job(ids[name]) for name in "edbc"]
    assert [job["state"] for job in others] == ["done"] * 4
    aired = sorted(report.jobs, key=lambda job: job.start_s)
    assert [job.job_id for job in aired] == [ids[name] for name in "aedbc"], str(report)
    assert aired[1].start_s - aired[0].end_s < GAP_S, str(report)
    assert [job.frames for job in aired[1:]] == [round(SHORT_S * FPS)] * 4, str(report)


def check_cut_off(job: dict[str, object], report: Report, faults: list[Fault]) -> None:
    """Check that the first job was heard up to where its record says, and that nothing else was missing."""
    frames = report.jobs[0].frames
    assert (job["state"], job["interrupted_at_s"]) == ("cancelled", frames / FPS), str(report)
    assert 0 < frames < (LONG_S - 2) * FPS, str(report)
    told = [(fault.kind, fault.text) for fault in faults]
    assert told == [(Kind.MISSING, f"frames {frames} to {round(LONG_S * FPS) - 1}")], str(report)


def test_a_job_that_comes_not_on_air_in_its_time_expires_and_the_one_on_air_goes_on(system: System) -> None:
    client = system.client
    on_air = client.speak(wav(speech(seed=90, seconds=30)))
    system.await_that(lambda: client.job(on_air)["frames_aired"] > 0, "on air")
    waiting = client.speak(wav(speech(seed=91, seconds=1)), expires_in="1.5")
    system.await_that(lambda: client.is_over(waiting), "expired", 1.5 + WAIT_S)
    job = client.job(waiting)
    assert (job["state"], job["frames_aired"], job["interrupted"]) == ("expired", 0, False)
    assert "within the 1.5 s" in job["error"]
    folder = Path(system.environment["LIVE_UPLOADS_FOLDER"])
    system.await_that(lambda: not (folder / waiting).exists(), "free of its files", WAIT_S)
    assert client.cancel(on_air).body["interrupted"] is True
    with Reader(system.rtmp_url) as reader:
        reader.wait_for(pictures=2 * FPS)  # it is off the air, and out of what later readers get first
