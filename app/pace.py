"""Sockets that no client can hold for long: what comes too slowly, or is not taken, ends."""

import socket
from time import monotonic
from typing import Self

GRACE_S = 10.0
"""A request may take so long, and …"""
BYTES_PER_S = 16 * 2**10
"""… a second more for so many bytes that came: a telephone on a bad line (128 kbit/s) keeps up."""
STALL_S = 20.0
"""A client that takes nothing of its answer for so long is given up."""
LINGER_S = 2.0
"""What still comes after the answer is thrown away for so long: a client that is refused in the middle of
its upload may read nothing before it has sent some more."""


class PacedSocket(socket.socket):
    """A server's end of a connection. A read that is overdue finds the stream ended, and `late` is set."""

    late: bool
    _begun: float
    _grace_s: float
    _bytes_per_s: float
    _received: int

    @classmethod
    def take(cls, plain: socket.socket) -> Self:
        """Return the connection of `plain`, which is of no use from then on."""
        paced = cls(fileno=plain.detach())
        paced.begin()
        return paced

    def begin(self) -> None:
        """Start the time of a request."""
        self._start(GRACE_S, BYTES_PER_S)

    def linger(self) -> None:
        """End the answer, and throw away what still comes, for a while."""
        self._start(LINGER_S, float("inf"))
        try:
            self.shutdown(socket.SHUT_WR)
            while self.recv(2**16):
                pass
        except OSError:
            return

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        left_s = self._begun + self._grace_s + self._received / self._bytes_per_s - monotonic()
        self.late = self.late or left_s <= 0
        if self.late:
            return b""
        try:
            self.settimeout(left_s)
            piece = super().recv(size, flags)
        except TimeoutError:
            self.late = True
            return b""
        finally:
            self.setblocking(True)
        self._received += len(piece)
        return piece

    def setblocking(self, flag: bool, /) -> None:
        self.settimeout(STALL_S if flag else 0.0)

    def _start(self, grace_s: float, bytes_per_s: float) -> None:
        self.late, self._received, self._begun = False, 0, monotonic()
        self._grace_s, self._bytes_per_s = grace_s, bytes_per_s


def was_late(connection: object) -> bool:
    """Return whether reading from the connection ended because the client was too slow."""
    return isinstance(connection, PacedSocket) and connection.late
