"""What `celery -A workers worker` shows of its log."""

import subprocess
import sys

import pytest

SCRIPT = """
import logging
from workers.celery import app
app.loader.import_default_modules()
app.log.setup({level})
for name in ("workers.render", "celery.worker.strategy"):
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        logging.getLogger(name).log(level, "%s", f"{{name}}:{{level}}")
"""


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("", ["workers.render:20", "workers.render:40", "celery.worker.strategy:40"]),
        ("'ERROR'", ["workers.render:40", "celery.worker.strategy:40"]),
    ],
    ids=["by default", "errors alone"],
)
def test_lines_of_jobs_are_seen_without_celerys_own(level: str, seen: list[str]) -> None:
    command = [sys.executable, "-c", SCRIPT.format(level=level)]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stderr
    assert [line.split()[-1] for line in shown.splitlines()] == seen
