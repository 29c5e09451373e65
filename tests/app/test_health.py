"""Whether it is alive, and what is missing; and that a Redis that hangs hangs nobody."""

import io
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from app.parts import KEY
from settings import Settings
from tests.app import sounds
from tests.app.conftest import Hearts, all_alive, redis_server, settings_for
from tests.app.forms import TYPE, form, sound
from tests.conftest import ANSWER_S
from wire import connection, jobs

LIMIT_S = 15.0
"""Three times what is promised: other tests have the machine too."""
ALL = {"redis": True, "frames": True, "prepare": True, "dispatch": True, "render": True, "streamer": True}
BODY = form(sound(sounds.silence(0.1)))


def test_it_is_alive_with_nobody_else(nobody: FlaskClient) -> None:
    answer = nobody.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "alive"})


def test_it_is_ready_when_all_live(client: FlaskClient) -> None:
    answer = client.get("/ready")
    assert (answer.status_code, answer.json) == (200, {"ready": True} | ALL)


@pytest.mark.parametrize("role", ["prepare", "dispatch", "render"])
def test_a_worker_that_is_missing_is_named(client: FlaskClient, hearts: Hearts, role: str) -> None:
    hearts.stop(role)
    assert_missing(client.get("/ready"), role)


def test_a_streamer_that_is_missing_is_named(client: FlaskClient, hearts: Hearts) -> None:
    hearts.fall_silent("main")
    assert_missing(client.get("/ready"), "streamer")


def test_with_nobody_alive_all_are_named(nobody: FlaskClient) -> None:
    assert_missing(nobody.get("/ready"), "prepare", "dispatch", "render", "streamer")


def assert_missing(answer: TestResponse, *parts: str) -> None:
    assert answer.status_code == 503
    error = {"code": "not_ready", "message": f"Missing: {', '.join(parts)}."}
    assert answer.json == {"ready": False, "error": error} | ALL | dict.fromkeys(parts, False)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Flask, Settings, Callable[[int], None]]]:
    """An app on a Redis of its own, all alive, and how to send that Redis a signal."""
    with redis_server(tmp_path) as (address, process):
        config = settings_for(address, tmp_path)
        app = create_app(config)
        all_alive(connection.broker(config.broker_url, ANSWER_S))
        yield app, config, process.send_signal
        app.extensions[KEY].prober.close()


def post(client: FlaskClient) -> TestResponse:
    return client.post(
        "/generate_video", input_stream=io.BytesIO(BODY), content_length=len(BODY), content_type=TYPE
    )


ASK: dict[str, Callable[[FlaskClient], TestResponse]] = {
    "POST": post,
    "/jobs": lambda client: client.get("/jobs"),
    "/jobs/id": lambda client: client.get(f"/jobs/{'0' * 32}"),
    "/ready": lambda client: client.get("/ready"),
}


def asked_at_once(app: Flask) -> dict[str, tuple[int, str, float]]:
    """Ask every route that needs Redis; return status, code and the seconds that it took."""

    def ask(name: str) -> tuple[int, str, float]:
        begun = time.monotonic()
        answer = ASK[name](app.test_client())
        assert answer.json is not None
        return answer.status_code, answer.json["error"]["code"], time.monotonic() - begun

    with ThreadPoolExecutor(len(ASK)) as threads:
        return dict(zip(ASK, threads.map(ask, ASK), strict=True))


@pytest.mark.parametrize("fault", [signal.SIGSTOP, signal.SIGKILL], ids=["frozen", "gone"])
def test_with_redis_frozen_or_gone_every_route_answers_in_time(
    own: tuple[Flask, Settings, Callable[[int], None]], fault: int
) -> None:
    app, config, tell = own
    assert post(app.test_client()).status_code == 200
    before = set(config.uploads_folder.iterdir())
    tell(fault)
    answers = asked_at_once(app)
    assert {name: answer[:2] for name, answer in answers.items()} == {
        "POST": (503, "redis_down"),
        "/jobs": (503, "redis_down"),
        "/jobs/id": (503, "redis_down"),
        "/ready": (503, "not_ready"),
    }
    assert max(seconds for *_, seconds in answers.values()) < LIMIT_S
    assert app.test_client().get("/health").status_code == 200
    assert set(config.uploads_folder.iterdir()) == before


def test_redis_freezing_between_admission_and_message_is_answered_in_time(
    own: tuple[Flask, Settings, Callable[[int], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, config, tell = own
    admit = jobs.admit

    def admit_and_freeze(*arguments: object) -> bool:
        admitted = admit(*arguments)  # type: ignore[arg-type] # those of the real one
        tell(signal.SIGSTOP)
        return admitted

    monkeypatch.setattr("wire.jobs.admit", admit_and_freeze)
    begun = time.monotonic()
    answer = post(app.test_client())
    assert time.monotonic() - begun < LIMIT_S
    assert answer.status_code == 503
    assert list(config.uploads_folder.iterdir()) == []
