"""A line between a publisher and its server that can be slow, or take nothing for a while."""

import socket
import time
from threading import Event, Thread
from typing import Self

PIECE_BYTES = 4096
BUFFER_BYTES = 2**14
"""What waits in the line itself is small, so that the publisher soon feels it."""


class Uplink:
    """Listens on `port` and passes all on to `server_port`, at `bytes_per_s` while it is `flowing`.

    `calls_s` are the times on the monotonic clock at which somebody connected.
    """

    def __init__(self, port: int, server_port: int, bytes_per_s: float) -> None:
        self.flowing = Event()
        self.flowing.set()
        self.calls_s: list[float] = []
        self._to, self._bytes_per_s = ("127.0.0.1", server_port), bytes_per_s
        self._stop = Event()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen()
        self._sockets = [self._listener]
        self._threads = [Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.flowing.set()
        for each in self._sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:  # it is closed already
                continue
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                here, _ = self._listener.accept()
                self.calls_s.append(time.monotonic())
                there = socket.create_connection(self._to)
            except OSError:
                return
            self._sockets += [here, there]
            for pair in ((here, there, self._bytes_per_s), (there, here, float("inf"))):
                self._threads.append(Thread(target=self._pass_on, args=pair))
                self._threads[-1].start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, bytes_per_s: float) -> None:
        try:
            while data := source.recv(PIECE_BYTES):
                self.flowing.wait()
                time.sleep(len(data) / bytes_per_s)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return
