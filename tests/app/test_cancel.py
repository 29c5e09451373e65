"""Ending jobs before their time."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from app.parts import Parts
from tests.app.test_jobs import put
from tests.conftest import free_port
from wire import connection, jobs, keys
from wire.jobs import ENDED, UNDER_WAY, State

Ask = Callable[[FlaskClient, str], TestResponse]


def cancel(client: FlaskClient, job_id: str) -> TestResponse:
    return client.delete(f"/jobs/{job_id}")


def interrupt(client: FlaskClient, job_id: str) -> TestResponse:
    return client.post(f"/jobs/{job_id}/interrupt")


def code(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None
    return answer.status_code, str(answer.json["error"]["code"])


@pytest.fixture
def sent(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str], str]]:
    """Collects the messages to workers."""
    told: list[tuple[str, list[str], str]] = []

    def send_task(name: str, args: list[str], queue: str, **_: object) -> None:
        told.append((name, args, queue))

    monkeypatch.setattr(parts.celery, "send_task", send_task)
    return told


@pytest.mark.parametrize("state", sorted(UNDER_WAY))
def test_a_job_is_cancelled_at_any_stage_and_its_traces_are_sent_for(
    nobody: FlaskClient, broker: Redis, sent: list[tuple[str, list[str], str]], state: State
) -> None:
    job, other = put(broker, 1, state=state), put(broker, 2)
    answer = cancel(nobody, job.id)
    assert answer.status_code == 200
    assert answer.json == nobody.get(f"/jobs/{job.id}").json
    assert answer.json is not None
    assert (answer.json["state"], answer.json["interrupted"]) == ("cancelled", False)
    assert jobs.playlist(broker, "main") == [other.id]
    assert sent == [("workers.forget", [job.id], "dispatch")]


@pytest.mark.parametrize("ask", [cancel, interrupt])
def test_a_job_on_air_is_cut_off_and_says_where(
    nobody: FlaskClient, broker: Redis, sent: list[tuple[str, list[str], str]], ask: Ask
) -> None:
    job = put(broker, 1, state=State.ON_AIR, frames=100, frames_aired=33)
    answer = ask(nobody, job.id)
    assert answer.status_code == 200
    assert answer.json is not None
    told = {name: answer.json[name] for name in ("state", "frames_aired", "interrupted", "interrupted_at_s")}
    assert told == {"state": "cancelled", "frames_aired": 33, "interrupted": True, "interrupted_at_s": 1.32}
    assert ask(nobody, job.id).json == answer.json
    assert len(sent) == 1, "it was cancelled once"


@pytest.mark.parametrize("state", sorted(UNDER_WAY - {State.ON_AIR}))
def test_only_the_job_on_air_is_interrupted(
    nobody: FlaskClient, broker: Redis, sent: list[tuple[str, list[str], str]], state: State
) -> None:
    job = put(broker, 1, state=state)
    answer = interrupt(nobody, job.id)
    assert code(answer) == (409, "not_on_air")
    assert answer.json is not None
    assert f"not on air but {state}" in answer.json["error"]["message"]
    assert jobs.load(broker, job.id) == job
    assert sent == []


def test_a_job_that_comes_on_air_while_it_is_looked_at_is_told_of_as_it_was_found(
    nobody: FlaskClient, broker: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, move = put(broker, 1, state=State.RENDERING), jobs.move

    def move_late(*asked: Any) -> bool:
        moved = move(*asked)
        broker.hset(keys.job(job.id), "state", State.ON_AIR)
        return moved

    monkeypatch.setattr(jobs, "move", move_late)
    answer = interrupt(nobody, job.id)
    assert answer.json is not None
    assert "not on air but rendering" in answer.json["error"]["message"]


def test_a_job_that_changes_its_state_before_it_is_cancelled_is_cancelled_all_the_same(
    nobody: FlaskClient,
    broker: Redis,
    sent: list[tuple[str, list[str], str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job, move, asked = put(broker, 1, state=State.PREPARING), jobs.move, list[Any]()

    def move_late(*arguments: Any) -> bool:
        asked.append(arguments)
        return len(asked) > 1 and move(*arguments)

    monkeypatch.setattr(jobs, "move", move_late)
    assert cancel(nobody, job.id).json == nobody.get(f"/jobs/{job.id}").json
    assert len(sent) == 1


@pytest.mark.parametrize("ask", [cancel, interrupt])
@pytest.mark.parametrize("state", sorted(ENDED - {State.CANCELLED}))
def test_a_job_that_has_ended_is_left_as_it_is(
    nobody: FlaskClient, broker: Redis, sent: list[tuple[str, list[str], str]], ask: Ask, state: State
) -> None:
    job = put(broker, 1, state=state, frames=50, frames_aired=50)
    assert code(ask(nobody, job.id)) == (409, "job_ended")
    assert jobs.load(broker, job.id) == job
    assert sent == []


def test_a_job_cancelled_before_it_aired_cannot_be_interrupted(nobody: FlaskClient, broker: Redis) -> None:
    job = put(broker, 1, state=State.CANCELLED)
    assert code(interrupt(nobody, job.id)) == (409, "job_ended")


@pytest.mark.parametrize("ask", [cancel, interrupt])
@pytest.mark.parametrize("job_id", ["0" * 32, "nope", "x" * 4000, "*"])
def test_an_unknown_job_cannot_be_stopped(nobody: FlaskClient, ask: Ask, job_id: str) -> None:
    assert code(ask(nobody, job_id)) == (404, "unknown_job")


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_pages_of_other_sites_stop_nothing(nobody: FlaskClient, broker: Redis, method: str) -> None:
    job = put(broker, 1, state=State.ON_AIR)
    path = f"/jobs/{job.id}" + ("/interrupt" if method == "POST" else "")
    answer = nobody.open(path, method=method, headers={"Sec-Fetch-Site": "cross-site"})
    assert code(answer) == (403, "cross_site")
    assert jobs.load(broker, job.id) == job


def test_a_message_that_cannot_be_sent_does_not_keep_the_job(
    nobody: FlaskClient, broker: Redis, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ConnectionError("the broker is gone")

    monkeypatch.setattr(parts.celery, "send_task", refuse)
    job = put(broker, 1)
    assert cancel(nobody, job.id).status_code == 200
    assert jobs.playlist(broker, "main") == []


@pytest.mark.parametrize("ask", [cancel, interrupt])
def test_without_the_broker_nothing_is_stopped_and_that_is_said(
    nobody: FlaskClient, parts: Parts, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    away = connection.broker(f"redis://127.0.0.1:{free_port()}/0", 0.2)
    monkeypatch.setattr(parts.broker, "connection_pool", away.connection_pool)
    answer = ask(nobody, "0" * 32)
    assert code(answer) == (503, "redis_down")
    assert answer.headers["Retry-After"]
