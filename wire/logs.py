"""One log format for every process: time, level, process, message."""

import logging

FORMAT = "%(asctime)s %(levelname)-7s {name} %(message)s"


def configure(name: str, level: int = logging.INFO) -> None:
    """Send this process's log lines to stderr, marked with `name`."""
    logging.basicConfig(level=level, format=FORMAT.format(name=name), force=True)
