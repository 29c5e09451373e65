"""Threads that run beside something, and end with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

JOIN_S = 5.0
"""They end within two Redis time-outs; one that hangs longer is left behind at exit."""


@contextmanager
def running(*bodies: Callable[[Event], None]) -> Iterator[None]:
    """Run each in a thread of its own; each is given the event that asks it to end."""
    stop = Event()
    threads = [Thread(target=body, args=(stop,), daemon=True) for body in bodies]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(JOIN_S)
