"""A hub of our own on this machine: its protocol as far as a download speaks it, and its ways to fail."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SMALL = 1000  # bytes; the hub gives larger files from another host, and their SHA-256 as ETag


@dataclass
class Hub:
    """What a hub holds, what becomes of requests, and what was asked of it.

    Attributes:
        files: contents by `repository/file`.
        breaks_at: the connection ends after so many bytes of a file, once for each number.
        refuses: answers every further GET of a file with this status.
        garbled: gives other bytes than it announced.
        commit: what every revision stands for; empty for a server that is no hub.
        asked: `(repository/file, first byte)` of each GET, in order.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    breaks_at: list[int] = field(default_factory=list)
    refuses: int | None = None
    garbled: bool = False
    commit: str = COMMIT
    asked: list[tuple[str, int]] = field(default_factory=list)


@contextmanager
def running_hub() -> Iterator[Hub]:
    """Run a hub on a free port of the loopback."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.hub = hub
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        _, content = self._wanted()
        if content is None:
            self._refuse(404, "EntryNotFound")
        elif len(content) > SMALL:
            self._redirect(content)
        else:
            self._answer(200, len(content), ETag=f'"{hashlib.sha1(content).hexdigest()}"')

    def do_GET(self) -> None:
        name, content = self._wanted()
        if content is None:
            self._refuse(404, "EntryNotFound")
        elif len(content) > SMALL and not self.path.startswith("/cdn/"):
            self._redirect(content)
        else:
            self._give(name, content)

    def _wanted(self) -> tuple[str, bytes | None]:
        path = unquote(self.path).removeprefix("/cdn")
        repository, _, rest = path.lstrip("/").partition("/resolve/")
        revision, _, file = rest.partition("/")
        name = f"{repository}/{file}"
        return name, self.hub.files.get(name) if revision in ("main", COMMIT) else None

    def _redirect(self, content: bytes) -> None:
        port = self.hub.address.rpartition(":")[2]
        elsewhere = f"http://localhost:{port}/cdn{self.path}"
        linked = {
            "X-Linked-Size": str(len(content)),
            "X-Linked-ETag": f'"{hashlib.sha256(content).hexdigest()}"',
        }
        self._answer(302, 0, Location=elsewhere, **linked)

    def _give(self, name: str, content: bytes) -> None:
        first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.hub.asked.append((name, first))
        if self.hub.refuses:
            self._refuse(self.hub.refuses, "")
            return
        if first >= len(content):
            self._refuse(416, "")
            return
        content = bytes(len(content)) if self.hub.garbled else content
        span = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
        self._answer(206 if first else 200, len(content) - first, **(span if first else {}))
        self._write(content, first)

    def _write(self, content: bytes, first: int) -> None:
        stop = self.hub.breaks_at.pop(0) if self.hub.breaks_at else len(content)
        self.wfile.write(content[first:stop])
        self.close_connection = stop < len(content)

    def _answer(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        if self.hub.commit:
            self.send_header("X-Repo-Commit", self.hub.commit)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, 0, **{"X-Error-Code": code})

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: what was asked stands in `asked`."""
