"""Keeping what may be asked for at any time from being done more often than is of use."""

import time


class Pace:
    """Lets turns follow each other no closer than `apart_s`; the first of many comes at once."""

    def __init__(self, apart_s: float) -> None:
        self._apart_s = apart_s
        self._due_s = 0.0

    def wait(self) -> None:
        """Wait for the next turn, and take it."""
        time.sleep(max(0.0, self._due_s - time.monotonic()))
        self._due_s = time.monotonic() + self._apart_s
