"""RTMP addresses as anybody may see them: with their stream keys and passwords cut out. Pure."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, unquote, urlsplit

LONG = 6
"""A secret of so many characters is cut out of the middle of words too; a shorter one may be part of any."""


def shown(address: str) -> str:
    """Return scheme, host and application of an RTMP address; what follows may be its key."""
    parts = _split(address)
    host, application = parts.netloc.rpartition("@")[2], parts.path[1:].partition("/")[0]
    return f"{parts.scheme}://{host}/{application}/…"


def without_keys(text: str) -> str:
    """Return `text` with all but the hosts of RTMP addresses cut out."""
    return re.sub(r"(rtmps?://)(?:[^/\s@]*@)?([^/\s]+/)[^\s'\"]*", r"\1\2…", text)


def without_key_of(address: str, text: str) -> str:
    """Return `text` with whatever is secret in `address` cut out, wherever a server or libav repeats it."""
    for secret in sorted(set(_secrets(address)), key=len, reverse=True):
        pattern = "".join(rf"\\*{re.escape(character)}" for character in secret)  # libav puts \ before some
        text = re.sub(pattern if len(secret) >= LONG else rf"(?<![\w-]){pattern}(?![\w-])", "…", text)
    return text


def _secrets(address: str) -> Iterator[str]:
    parts = _split(address)
    _, _, key = parts.path[1:].partition("/")
    values = [pair.partition("=")[2] for pair in parts.query.split("&")]
    pieces = [piece for value in (key, *values) for piece in (value, *re.split("[/#]", value))]
    whole = f"{key}?{parts.query}" if parts.query else key
    for secret in filter(None, (whole, parts.query, *pieces, parts.username, parts.password)):
        yield from (secret, unquote(secret))


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address, allow_fragments=False)  # a `#` is part of the key
    except ValueError:  # a host that is none
        return SplitResult("rtmp", "…", "", "", "")
