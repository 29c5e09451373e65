"""Reads a posted form piece by piece, so that no upload is ever held in memory."""

from collections.abc import Iterator

from flask import Request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    NEED_DATA,
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

from app.errors import BadRequestError, TooLargeError, TooSlowError
from app.pace import was_late

PIECE_BYTES = 64 * 2**10
"""Bytes read at a time."""
HELD_BYTES = 2 * PIECE_BYTES
"""Bytes of a form held at a time at most: a part's head, names included, must fit beside a piece."""
PARTS_MAX = 16
"""Parts of a form at most; there are fields for seven."""
BOUNDARY_MAX = 70
"""Characters of a boundary (RFC 2046)."""

Part = tuple[Field | File, Iterator[bytes]]


def parts(request: Request) -> Iterator[Part]:
    """Yield each part's head and its content, in order, as they come. The end of the form is awaited.

    Raises:
        BadRequestError: it is no form, or ended early.
        TooLargeError: a part's head is too long, or there are too many.
        TooSlowError: the client sent too little in its time.
    """
    events = _events(request, MultipartDecoder(_boundary(request), HELD_BYTES, max_parts=PARTS_MAX))
    for event in events:
        if isinstance(event, Field | File):
            yield event, _content(events)


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _events(request: Request, decoder: MultipartDecoder) -> Iterator[Event]:
    event: Event = NEED_DATA
    try:
        while not isinstance(event, Epilogue):
            decoder.receive_data(request.stream.read(PIECE_BYTES) or None)
            while not isinstance(event := decoder.next_event(), NeedData | Epilogue):
                yield event
    except RequestEntityTooLarge:
        raise TooLargeError(f"The form is larger than is allowed, or has over {PARTS_MAX} parts.") from None
    except (ValueError, OSError, ClientDisconnected, ParseException):
        if was_late(request.environ.get("gunicorn.socket")):
            raise TooSlowError("The form came too slowly.") from None
        raise BadRequestError("The form is broken, or ended early.") from None


def _boundary(request: Request) -> bytes:
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data" or not 1 <= len(boundary) <= BOUNDARY_MAX:
        raise BadRequestError("Post a form: multipart/form-data with a boundary.")
    return boundary.encode()
