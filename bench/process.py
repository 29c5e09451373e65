"""What a process holds, as the kernel tells."""

from contextlib import suppress
from pathlib import Path

PUSHER = "streamer.pusher"
"""The module that copies a stream to one target."""


def rss_anon_mb(pid: int) -> float:
    """Return its memory of its own in megabytes; 0 if it has ended."""
    return int(_status(pid, "RssAnon") or 0) / 1024


def threads(pid: int) -> int:
    """Return how many threads it has; 0 if it has ended."""
    return int(_status(pid, "Threads") or 0)


def descriptors(pid: int) -> int:
    """Return how many descriptors it has open; 0 if it has ended."""
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def program(pid: int) -> str:
    """Return the name of what it runs, of 15 letters at most; empty if it has ended.

    A pusher's name tells its target too.
    """
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        if PUSHER in words:
            return " ".join(words[words.index(PUSHER) :]).strip()
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _status(pid: int, name: str) -> str:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            field, _, value = line.partition(":")
            if field == name and value.split():
                return value.split()[0]
    return ""
