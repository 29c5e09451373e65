"""What became of what was posted."""

from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from redis import Redis

from wire import jobs
from wire.jobs import Job, Mode, State

POSTED_MS = 1_700_000_000_123


def put(broker: Redis, number: int, **more: object) -> Job:
    record = {"channel": "main", "state": State.QUEUED, "posted_ms": POSTED_MS + number} | more
    job = Job(f"{number:032x}", **record)  # type: ignore[arg-type] # the fields of a job, by name
    assert jobs.admit(broker, job, 10_000)
    return job


def test_what_was_not_sent_is_told_behind_what_else_went_wrong(nobody: FlaskClient, broker: Redis) -> None:
    job = put(broker, 7, frames=50, frames_lost=2, warning="the file breaks off")
    told = "2 of its 50 frames were not sent: the encoder failed or fell behind"
    answer = nobody.get(f"/jobs/{job.id}")
    assert answer.json
    assert answer.json["warning"] == f"the file breaks off; {told}"


def test_a_job_is_shown_with_all_that_is_promised_and_no_more(nobody: FlaskClient, broker: Redis) -> None:
    job = put(
        broker, 7, sound_name="你好.wav", guidance_scale=1.5, inference_steps=30, seed=4, avatar="secret"
    )
    answer = nobody.get(f"/jobs/{job.id}")
    assert answer.status_code == 200
    assert answer.json == {
        "id": job.id,
        "state": "queued",
        "channel": "main",
        "sound_name": "你好.wav",
        "posted_at": "2023-11-14T22:13:20.130Z",
        "frames": None,
        "frames_aired": 0,
        "underruns": 0,
        "error": None,
        "warning": None,
        "degraded": False,
        "interrupted": False,
        "interrupted_at_s": None,
        "guidance_scale": 1.5,
        "inference_steps": 30,
        "mode": "append",
        "priority": 0,
        "expires_at": None,
    }
    assert datetime.fromisoformat(answer.json["posted_at"]) == datetime(
        2023, 11, 14, 22, 13, 20, 130_000, UTC
    )


def test_progress_and_the_reason_of_a_failure_are_shown(nobody: FlaskClient, broker: Redis) -> None:
    job = put(
        broker,
        1,
        state=State.ON_AIR,
        frames=240,
        frames_aired=50,
        underruns=2,
        degraded=True,
        warning="it breaks off",
    )
    jobs.move(broker, job, State.FAILED, 60, error="no sound could be decoded")
    shown = nobody.get(f"/jobs/{job.id}").json
    assert shown is not None
    names = ("state", "frames", "frames_aired", "underruns", "degraded", "warning", "error")
    assert {name: shown[name] for name in names} == {
        "state": "failed",
        "frames": 240,
        "frames_aired": 50,
        "underruns": 2,
        "degraded": True,
        "warning": "it breaks off",
        "error": "no sound could be decoded",
    }


def test_a_jobs_turn_is_shown(nobody: FlaskClient, broker: Redis) -> None:
    job = put(broker, 1, mode=Mode.NEXT, priority=3, expires_ms=POSTED_MS + 2500)
    shown = nobody.get(f"/jobs/{job.id}").json
    assert shown is not None
    told = [shown[name] for name in ("mode", "priority", "expires_at")]
    assert told == ["next", 3, "2023-11-14T22:13:22.623Z"]


def listed(client: FlaskClient, query: str = "") -> list[int]:
    answer = client.get(f"/jobs{query}")
    assert answer.json is not None
    return [int(job["id"], 16) for job in answer.json["jobs"]]


def test_jobs_are_listed_newest_first_and_bounded(nobody: FlaskClient, broker: Redis) -> None:
    assert listed(nobody) == []
    for number in range(210):
        put(broker, number)
    assert listed(nobody, "?limit=3") == [209, 208, 207]
    assert listed(nobody) == list(range(209, 159, -1))
    assert len(listed(nobody, "?limit=200")) == 200


@pytest.mark.parametrize("limit", ["0", "201", "-1", "abc", "", "1.5", "9" * 5000])
def test_a_wrong_limit_is_refused(nobody: FlaskClient, limit: str) -> None:
    answer = nobody.get("/jobs", query_string={"limit": limit})
    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "wrong_field")


@pytest.mark.parametrize("job_id", ["0" * 32, "nope", "x" * 4000, "..%2f..%2fetc", "%00", "jobs"])
def test_an_unknown_job_is_not_found(nobody: FlaskClient, job_id: str) -> None:
    answer = nobody.get(f"/jobs/{job_id}")
    assert answer.json is not None
    assert answer.status_code == 404
    assert answer.json["error"]["code"] in ("unknown_job", "not_found")
