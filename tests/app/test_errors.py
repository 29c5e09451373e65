"""Refusals and failures have one shape, and every answer its security headers."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.exceptions import OutOfMemoryError

from app import health


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/jobs/", 404, "not_found"),
        ("GET", "/static/nope.js", 404, "not_found"),
        ("GET", "/static/../__init__.py", 404, "not_found"),
        ("GET", "/generate_video", 405, "method_not_allowed"),
        ("DELETE", "/jobs", 405, "method_not_allowed"),
    ],
)
def test_what_flask_refuses_has_the_one_shape(
    nobody: FlaskClient, method: str, path: str, status: int, code: str
) -> None:
    answer = nobody.open(path, method=method)
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json.keys() == {"error"}
    assert answer.json["error"]["code"] == code
    assert ("Allow" in answer.headers) == (status == 405)


def test_an_unforeseen_failure_is_logged_and_tells_nothing_of_the_inside(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret path")

    monkeypatch.setattr(health, "look", fail)
    answer = app.test_client().get("/ready")
    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["error"]["code"] == "internal"
    assert "secret" not in answer.text
    assert "a secret path" in caplog.text


def test_a_redis_that_is_full_is_no_unforeseen_failure(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'")

    monkeypatch.setattr("wire.jobs.latest", fail)
    answer = app.test_client().get("/jobs")
    assert answer.json is not None
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "broker_full")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize("path", ["/", "/health", "/nope", "/static/console.js", "/hls/main/index.m3u8"])
def test_every_answer_has_the_security_headers(nobody: FlaskClient, path: str) -> None:
    headers = nobody.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Cache-Control"] in ("no-store", "no-cache")
