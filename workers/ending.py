"""Ending a worker from within, and knowing that it was asked to end."""

import os
import signal
from ctypes import c_bool
from multiprocessing.sharedctypes import RawValue

from celery.signals import worker_shutting_down

_asked = RawValue(c_bool, False)
"""Set in Celery's main process, read in those of its pool: made before they are forked, they share it."""


@worker_shutting_down.connect
def note(**_: object) -> None:
    """Note that Celery was asked to end; the task that runs goes on. Called by a signal's handler."""
    _asked.value = True


def is_ending() -> bool:
    """Return whether this worker was asked to end, and takes no more work."""
    return bool(_asked.value)


def end_worker() -> None:
    """Have Celery's main process, the parent of this one, end this worker."""
    os.kill(os.getppid(), signal.SIGTERM)
