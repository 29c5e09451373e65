"""Ending a worker from within."""

import os
import signal

from billiard.process import current_process


def end_worker() -> None:
    """Have Celery's main process end this worker: the parent of a pool's process, or (solo) this one."""
    is_main = current_process().name == "MainProcess"
    os.kill(os.getpid() if is_main else os.getppid(), signal.SIGTERM)
