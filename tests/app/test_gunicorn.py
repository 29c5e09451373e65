"""The real server: uploads go through while others are slow, and who is refused can read why."""

import socket
from concurrent.futures import Future

import pytest

from tests.app.clients import BODY, HEAD, Dripped, code, connected, exchange, read_answer
from tests.app.conftest import LARGEST_BYTES, Live
from tests.app.forms import form, sound

MORE = 256
"""Pieces of 256 kB that come after the refusal: more than all buffers on the way hold."""


def test_an_upload_goes_through_while_slow_clients_hang_on(live: Live, slow: list[Future[Dripped]]) -> None:
    assert not any(client.done() for client in slow)
    status, answer = exchange(live.url, f"{HEAD}Content-Length: {len(BODY)}\r\n\r\n".encode(), BODY)
    assert (status, answer["status"]) == (200, "processing_started")
    assert not any(client.done() for client in slow)


def test_an_upload_of_unknown_length_goes_through(live: Live) -> None:
    head = f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode()
    status, answer = exchange(live.url, head, chunk(BODY[:50]), chunk(BODY[50:]), b"0\r\n\r\n")
    assert (status, answer["status"]) == (200, "processing_started")


def test_an_endless_upload_is_refused_and_its_client_reads_why(live: Live) -> None:
    before = set(live.config.uploads_folder.iterdir())
    start = form(sound(b""))[: -len(b"\r\n--1f2e3d--\r\n")]
    pieces = [chunk(bytes(2**18))] * (LARGEST_BYTES // 2**18 + MORE)
    answer = exchange(live.url, f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode(), chunk(start), *pieces)
    assert code(answer) == (413, "too_large")
    assert set(live.config.uploads_folder.iterdir()) <= before


def test_an_upload_announced_too_large_is_refused_and_its_client_reads_why(
    live: Live,
) -> None:
    head = f"{HEAD}Content-Length: {5 * 2**30}\r\n\r\n".encode()
    assert code(exchange(live.url, head, *[bytes(2**18)] * MORE)) == (413, "too_large")


@pytest.mark.parametrize("broken", [b"zz\r\n", b"5\r\nabcde__", b""], ids=["size", "end", "nothing"])
def test_an_upload_that_breaks_off_is_refused_and_leaves_nothing(live: Live, broken: bytes) -> None:
    before = set(live.config.uploads_folder.iterdir())
    with connected(live.url) as client:
        client.sendall(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk(BODY[:200]) + broken)
        client.shutdown(socket.SHUT_WR)
        assert code(read_answer(client)) == (400, "bad_request")
    assert set(live.config.uploads_folder.iterdir()) <= before


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"
