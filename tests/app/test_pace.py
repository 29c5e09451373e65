"""Connections that no client can hold for long."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from app import pace
from app.pace import PacedSocket, was_late

PATIENCE_S = 20.0


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "GRACE_S", 0.3)
    monkeypatch.setattr(pace, "BYTES_PER_S", 1000)
    monkeypatch.setattr(pace, "STALL_S", 0.3)
    monkeypatch.setattr(pace, "LINGER_S", 0.3)


@pytest.fixture
def ends() -> Iterator[tuple[PacedSocket, socket.socket]]:
    plain, client = socket.socketpair()
    with PacedSocket.take(plain) as server, client:
        yield server, client


def read_all(server: PacedSocket) -> bytes:
    got = b""
    while piece := server.recv(100):
        got += piece
    return got


def test_a_client_that_sends_nothing_is_late(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, _ = ends
    begun = time.monotonic()
    server.begin()
    assert read_all(server) == b""
    assert was_late(server)
    assert time.monotonic() - begun > 0.9 * pace.GRACE_S


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in seconds, by which connections are paced."""
    clock = [100.0]
    monkeypatch.setattr(pace, "monotonic", lambda: clock[0])
    return clock


def test_a_client_that_sends_byte_by_byte_is_late(
    clock: list[float], ends: tuple[PacedSocket, socket.socket]
) -> None:
    server, client = ends
    dripped = 0
    while dripped < 100 and not was_late(server):
        client.send(b"x")
        clock[0] += 0.02
        dripped += len(server.recv(100))
    assert 10 < dripped < 20


def test_what_comes_gives_more_time(clock: list[float], ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    client.sendall(bytes(20_000))  # 20 s more
    assert sum(len(server.recv(100)) for _ in range(200)) == 20_000
    clock[0] += pace.GRACE_S + 19
    client.sendall(b"more")
    assert server.recv(100) == b"more"
    clock[0] += 2
    assert server.recv(100) == b""
    assert was_late(server)


def test_a_client_that_ends_is_not_late(
    ends: tuple[PacedSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = ends
    monkeypatch.setattr(pace, "GRACE_S", PATIENCE_S)
    server.begin()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(100) == b""
    assert not was_late(server)


def test_the_next_request_has_its_own_time(
    ends: tuple[PacedSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = ends
    read_all(server)
    monkeypatch.setattr(pace, "GRACE_S", PATIENCE_S)
    server.begin()
    client.sendall(b"again")
    assert server.recv(100) == b"again"


def test_a_client_that_takes_nothing_is_given_up(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, _ = ends
    server.setblocking(True)
    with pytest.raises(TimeoutError):
        server.sendall(bytes(10_000_000))


def test_lingering_lets_a_client_that_still_sends_read_its_answer(
    ends: tuple[PacedSocket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = ends
    monkeypatch.setattr(pace, "LINGER_S", PATIENCE_S)
    client.settimeout(PATIENCE_S)
    server.sendall(b"refused")
    with ThreadPoolExecutor(1) as aside, client:
        lingering = aside.submit(server.linger)
        client.sendall(bytes(2_000_000))  # more than all buffers hold
        assert client.recv(100) == b"refused"
        assert client.recv(100) == b""
        client.close()
        lingering.result(PATIENCE_S)


def test_lingering_ends_though_the_client_stays(ends: tuple[PacedSocket, socket.socket]) -> None:
    server, client = ends
    with ThreadPoolExecutor(1) as aside, client:
        aside.submit(server.linger).result(PATIENCE_S)
        client.sendall(b"still here")
        assert server.recv(100) == b"", "nothing is read after lingering"


def test_another_servers_connection_is_never_late() -> None:
    assert not was_late(None)
