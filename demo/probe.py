"""Asking the running demo how far it has come."""

import json
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime
from typing import Protocol

from demo.announce import Progress
from demo.supervise import Status
from settings import Settings

TIMEOUT_S = 2.0


class Supervised(Protocol):
    """A running supervisor."""

    def statuses(self) -> list[Status]: ...


def progress(supervisor: Supervised, settings: Settings, started: float) -> Progress:
    """Ask the supervisor, the API and the stream. `started` is when this run began, in Unix seconds."""
    api = f"http://127.0.0.1:{settings.api_port}"
    playlist = f"{api}/hls/{settings.channel}/index.m3u8"
    return Progress(tuple(supervisor.statuses()), _missing(f"{api}/ready"), _written(playlist, started))


def _missing(url: str) -> tuple[str, ...] | None:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S):
            return ()
    except urllib.error.HTTPError as error:
        parts = json.loads(error.read())
        return tuple(name for name, there in parts.items() if there is False and name != "ready")
    except OSError:
        return None


def _written(url: str, started: float) -> bool:
    """Return whether the file there is of this run: an earlier one may have left its own."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return parsedate_to_datetime(answer.headers["Last-Modified"]).timestamp() >= int(started)
    except OSError:
        return False
