"""RTMP addresses as anybody may see them: with their stream keys and passwords cut out. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit


def shown(address: str) -> str:
    """Return scheme, host and application of an RTMP address; what follows may be its key."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}/{parts.path.split('/')[1]}/…"


def without_keys(text: str) -> str:
    """Return `text` with all but the hosts of RTMP addresses cut out."""
    return re.sub(r"(rtmps?://)(?:[^/\s@]*@)?([^/\s]+/)[^\s'\"]*", r"\1\2…", text)


def without_key_of(address: str, text: str) -> str:
    """Return `text` with whatever is secret in `address` cut out, wherever a server repeats it."""
    for secret in sorted(_secrets(address), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(secret)}(?![\w-])", "…", text)
    return text


def _secrets(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    _, _, key = parts.path[1:].partition("/")
    query = [f"{key}?{parts.query}", parts.query, *(value for _, value in parse_qsl(parts.query))]
    yield from filter(None, (key, key.rpartition("/")[2], *query, parts.username, parts.password))
