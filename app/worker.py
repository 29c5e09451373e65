"""Gunicorn's threaded worker, on sockets that no client can hold for long.

Gunicorn's own waits at most 5 s for a request's first byte, but for ever for the others, in its head and in
its body, and for ever on a client that takes no answer; and it lingers on closing in the thread that accepts
connections. Here both have bounds (`app.pace`), and lingering is done by the thread that answered.
"""

from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from app.pace import PacedSocket


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    def handle(self, conn: Any) -> Any:
        """Answer one request of the connection; False ends it."""
        if isinstance(conn.sock, PacedSocket):
            conn.sock.begin()
        else:
            conn.sock = PacedSocket.take(conn.sock)
        answer = super().handle(conn)
        if answer is False:
            conn.sock.linger()
        return answer
