"""Log lines written by a thread of their own: whoever reads them may stand still, the clock must not."""

import logging
from collections.abc import Iterator, Sequence
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
    """Log as every process does, marked with `name`, but never wait for a line to be written."""
    logs.configure(name)
    root = logging.getLogger()
    lines: Queue[logging.LogRecord | None] = Queue(LINES_WAITING)
    writer = Thread(target=_write, args=(lines, root.handlers), name="log", daemon=True)
    root.handlers = [_Aside(lines)]
    writer.start()
    try:
        yield
    finally:
        with suppress(Full):
            lines.put_nowait(None)
        writer.join(LAST_LINES_S)


def _write(lines: Queue[logging.LogRecord | None], handlers: Sequence[logging.Handler]) -> None:
    while record := lines.get():
        for handler in handlers:
            handler.handle(record)
