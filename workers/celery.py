"""The Celery app. `celery -A workers worker -Q …` serves `prepare`, `dispatch` or `gpu.<host>.<index>`."""

import os
import sys

from celery import Celery

from workers import acks

# `celery` takes the working folder off the path once this is loaded, and engines are imported after that
sys.path.insert(0, os.getcwd())

MODULES = ("prepare", "dispatch", "render", "role", "logs")

# No message expires: that goes by two hosts' clocks, and what comes too late changes nothing.
app = Celery("workers", include=[f"workers.{module}" for module in MODULES])
app.config_from_object("celeryconfig")
acks.install()


def ring_prepare(job_id: str) -> None:
    """Ask for a job to be prepared (again)."""
    app.send_task("workers.prepare", args=(job_id,))
