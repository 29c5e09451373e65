"""What a worker does when its broker is there and its link is not."""

import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from queue import Empty
from threading import Event, Thread
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import Celery
from redis import Redis

BOUND_S = 18.0
"""Three times what is promised; left to themselves, Celery's connections take 26 s and more."""


class Link:
    """Carries connections to a server; those that are open when it is cut are never heard of again."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._far, self._sockets = address, list[socket.socket]()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        self._cut = Event()
        Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._cut.set()
        self._cut = Event()

    def close(self) -> None:
        for end in (self._door, *self._sockets):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                far = socket.create_connection(self._far)
                self._sockets += [near, far]
                for ends in ((near, far), (far, near)):
                    Thread(target=_carry, args=(*ends, self._cut), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, cut: Event) -> None:
    with suppress(OSError):
        while data := source.recv(2**16):
            if not cut.is_set():
                sink.sendall(data)


@pytest.fixture
def link(redis_address: str) -> Iterator[Link]:
    parts = urlsplit(redis_address)
    assert parts.hostname
    assert parts.port
    with closing(Link((parts.hostname, parts.port))) as made:
        yield made


def test_a_worker_whose_link_was_cut_takes_messages_again(link: Link, broker: Redis) -> None:
    assert broker.ping()
    app = Celery("worker")
    app.config_from_object("celeryconfig")
    app.conf.broker_url = f"redis://127.0.0.1:{link.port}/0"
    with app.connection_for_read() as connection, connection.SimpleQueue("prepare") as box:
        await_message(app, box, "before")
        link.cut()
        await_message(app, box, "after")


def await_message(app: Celery, box: Any, text: str) -> None:
    """Send messages until one comes; those that the cut link swallows are lost."""
    end = monotonic() + BOUND_S
    with app.connection_for_write() as own, own.SimpleQueue("prepare") as sender:
        while monotonic() < end:
            sender.put(text)
            with suppress(Empty):
                if box.get(timeout=0.5).payload == text:
                    return
    pytest.fail(f"no message came in {BOUND_S} s")
