"""Asking how far the start has come, of a small HTTP server."""

import json
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from demo import probe
from demo.supervise import Status
from settings import Settings
from tests.conftest import free_port

NOW = 1_700_000_000.0


class Api(BaseHTTPRequestHandler):
    """Answers as the API does while the streamer is missing, its last playlist being of `NOW`."""

    def do_GET(self) -> None:
        body = json.dumps({"ready": False, "redis": True, "streamer": False, "error": {"code": "x"}}).encode()
        self.send_response(503 if self.path == "/ready" else 200)
        self.send_header("Last-Modified", formatdate(NOW, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Tests' output stays clean."""


class Supervised:
    """Stands for the supervisor, which test_running.py runs for real."""

    def statuses(self) -> list[Status]:
        return []


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setattr(probe, "TIMEOUT_S", 60.0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield Settings(api_port=server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def test_parts_that_ready_misses_are_read_from_its_answer(api: Settings) -> None:
    assert probe.progress(Supervised(), api, NOW).missing == ("streamer",)


def test_playlist_of_an_earlier_run_does_not_count(api: Settings) -> None:
    assert probe.progress(Supervised(), api, NOW).playlist
    assert not probe.progress(Supervised(), api, NOW + 60).playlist


def test_nobody_there_is_no_answer() -> None:
    seen = probe.progress(Supervised(), Settings(api_port=free_port()), time.time())
    assert seen.missing is None
    assert not seen.playlist
