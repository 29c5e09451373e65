"""Which log lines of a worker are seen: those of jobs and chunks, without Celery's own two for each task."""

import logging
from typing import Any

from celery.signals import after_setup_logger


@after_setup_logger.connect
def tell_of_jobs(loglevel: int, **_: Any) -> None:
    """Show this package's lines from info on where Celery, as by default, shows its own from warning on."""
    if loglevel == logging.WARNING:
        logging.getLogger(__package__).setLevel(logging.INFO)
