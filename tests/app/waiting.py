"""Waiting for events."""

import time
from collections.abc import Callable


def wait_for(done: Callable[[], object], what: str, timeout_s: float = 60.0) -> None:
    """Wait until `done()` is true; fail, naming `what` was waited for, after `timeout_s`."""
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, f"waited {timeout_s} s for {what}"
        time.sleep(0.02)
