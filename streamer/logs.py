"""Log lines written by a thread of their own: whoever reads them may stand still, the clock must not."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging.handlers import QueueHandler
from queue import Full, Queue
from threading import Thread

from wire import logs

LINES_WAITING = 1000
"""More are dropped: nobody reads them."""
LAST_LINES_S = 1.0
"""Time for the last lines at the end."""


class _Aside(QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        with suppress(Full):
            super().enqueue(record)


@contextmanager
def log_aside(name: str) -> Iterator[None]:
    """Log to stderr as every process does, marked with `name`, but never wait for a line to be written."""
    logs.configure(name)
    root = logging.getLogger()
    lines: Queue[logging.LogRecord | None] = Queue(LINES_WAITING)
    aside = _Aside(lines)
    aside.setFormatter(root.handlers[0].formatter)
    root.handlers = [aside]
    writer = Thread(target=_write, args=(lines, sys.stderr.fileno()), name="log", daemon=True)
    writer.start()
    try:
        yield
    finally:
        with suppress(Full):
            lines.put_nowait(None)
        writer.join(LAST_LINES_S)


def _write(lines: Queue[logging.LogRecord | None], stderr: int) -> None:
    """Write past Python's own streams and handlers: their locks would hold up the end of the process."""
    while record := lines.get():
        with suppress(OSError):
            os.write(stderr, f"{record.msg}\n".encode())
