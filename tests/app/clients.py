"""Clients that send bytes as they like, down at the socket."""

import json
import socket
import time
from threading import Event
from urllib.parse import urlsplit

from tests.app import sounds
from tests.app.forms import TYPE, form, sound

BODY = form(sound(sounds.silence(0.1)))
HEAD = f"POST /generate_video HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPE}\r\n"
SLOW_HEADS = (f"{HEAD}Content-Length: 100000\r\n\r\n".encode() + BODY[:100], b"GET /jobs HTTP/1.1\r\nX: ")
"""What a slow client begins with: its body is missing, or the rest of its head."""

Dripped = tuple[bytes, float]
Answer = tuple[int, dict[str, object]]


def connected(url: str) -> socket.socket:
    address = urlsplit(url)
    return socket.create_connection((str(address.hostname), address.port or 80), timeout=60)


def exchange(url: str, *pieces: bytes) -> Answer:
    """Send the pieces of one request, whatever the server does meanwhile; return its status and answer."""
    with connected(url) as client:
        for piece in pieces:
            client.sendall(piece)
        return read_answer(client)


def read_answer(client: socket.socket) -> Answer:
    with client.makefile("rb") as lines:
        status = int(lines.readline().split()[1])
        head = dict(line.decode().split(": ", 1) for line in iter(lines.readline, b"\r\n"))
        return status, json.loads(lines.read(int(head["Content-Length"])))


def code(answer: Answer) -> tuple[int, object]:
    error = answer[1]["error"]
    assert isinstance(error, dict)
    return answer[0], error["code"]


def drip(url: str, head: bytes, stop: Event) -> Dripped:
    """Send `head` and then a byte ten times a second; return the answer and when it came, in seconds."""
    begun = time.monotonic()
    with connected(url) as client:
        client.sendall(head)
        client.settimeout(0.1)
        while not stop.is_set():
            try:
                return client.recv(1000), time.monotonic() - begun
            except TimeoutError:
                client.send(b"x")
    return b"stopped", 0.0
