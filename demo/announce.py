"""What the demo tells its user: what to open once it is on air, or what to look at while it is not. Pure."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from demo.supervise import Status
from settings import Settings

SAMPLE = "assets/hello.wav"

NO_RTMP = "none: there is no RTMP server here, the stream is HLS alone"

SPEAKS_FOR = {
    "redis": "broker",
    "frames": "frames",
    "prepare": "prepare",
    "dispatch": "dispatch",
    "render": "render0",
    "streamer": "streamer",
}
"""Which process to look at for a part that `GET /ready` misses."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the start has come.

    `statuses` are the supervisor's. `missing` is what `GET /ready` misses, None while it does not answer.
    `playlist` says whether an HLS playlist of this run is served.
    """

    statuses: tuple[Status, ...]
    missing: tuple[str, ...] | None
    playlist: bool


def on_air(settings: Settings, logs: Path, took_s: float) -> str:
    """Return what to open and what to try; `settings.rtmp_url` is empty where there is no RTMP server."""
    api = f"http://127.0.0.1:{settings.api_port}"
    rows = {
        "Page": f"{api}/",
        "RTMP": ", ".join(map(_rtmp, settings.rtmp_urls)) or NO_RTMP,
        "HLS": f"{api}/hls/{settings.channel}/index.m3u8",
        "Workers": f"http://127.0.0.1:{settings.flower_port}/   (Flower)",
        "Logs": f"{logs}/",
    }
    return "\n".join(
        [
            "",
            f"On air after {took_s:.1f} s. Open:",
            "",
            *(f"    {name:8} {text}" for name, text in rows.items()),
            "",
            "Let it speak, on the page or with:",
            "",
            f"    curl -F audio_file=@{SAMPLE} {api}/generate_video",
            "",
            "Ctrl-C stops everything.",
            "",
        ]
    )


def _rtmp(url: str) -> str:
    parts = urlsplit(url)
    if parts.hostname not in ("127.0.0.1", "localhost"):
        return f"sent to {parts.scheme}://{parts.hostname}"  # the rest may be a stream key
    return f"{url}   (in VLC, or: ffplay {url})"


def not_yet(progress: Progress, logs: Path, waited_s: float) -> str:
    """Return which processes keep the demo off the air, why, and where to look."""
    reasons = blamed(progress)
    return "\n".join(
        [
            "",
            f"Not on air after {waited_s:.0f} s; still trying, Ctrl-C stops everything. What is missing:",
            "",
            *(f"    {name}: {reason}; look at {logs / name}.log" for name, reason in reasons.items()),
            "",
        ]
    )


def blamed(progress: Progress) -> dict[str, str]:
    """Return the processes that are not as they should be, each with the reason; empty when on air."""
    reasons = {
        status.name: f"{status.state.lower()} {status.reason}".strip()
        for status in progress.statuses
        if status.state != "RUNNING"
    }
    if not progress.statuses:
        reasons["supervisor"] = "it does not answer"
    if progress.missing is None:
        reasons.setdefault("api", "GET /ready does not answer")
    for part in progress.missing or ():
        reasons.setdefault(SPEAKS_FOR.get(part, "api"), f"GET /ready says that {part} is missing")
    if not progress.playlist:
        reasons.setdefault("streamer", "it has written no HLS playlist")
    return reasons
