"""What the API refuses and why: one base, one JSON shape, sorted by whose fault it is.

`docs/http-api.md` lists every code, held to this file by a test.
"""

import logging
from typing import ClassVar

from flask import Flask, Response, jsonify, request
from redis import RedisError
from redis.exceptions import OutOfMemoryError
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)


class ApiError(Exception):
    """A request that is refused; the text is for whoever sent it: what was seen, and what is right."""

    status: ClassVar[int]
    code: ClassVar[str]
    retry_after_s: ClassVar[int | None] = None


# the request's fault
class BadRequestError(ApiError):
    status, code = 400, "bad_request"


class WrongFieldError(ApiError):
    status, code = 400, "wrong_field"


class NoFileError(ApiError):
    status, code = 400, "no_file"


class CrossSiteError(ApiError):
    status, code = 403, "cross_site"


class NotFoundError(ApiError):
    status, code = 404, "not_found"


class UnknownChannelError(ApiError):
    status, code = 404, "unknown_channel"


class UnknownJobError(ApiError):
    status, code = 404, "unknown_job"


class UnknownTargetError(ApiError):
    status, code = 404, "unknown_target"


class MethodError(ApiError):
    status, code = 405, "method_not_allowed"


class TooSlowError(ApiError):
    status, code = 408, "too_slow"


class NotOnAirError(ApiError):
    status, code = 409, "not_on_air"


class JobEndedError(ApiError):
    status, code = 409, "job_ended"


class TargetSetError(ApiError):
    status, code = 409, "target_is_set"


class TargetsFullError(ApiError):
    status, code = 409, "targets_full"


class RangeError(ApiError):
    status, code = 416, "bad_range"


# the file's fault
class TooLargeError(ApiError):
    status, code = 413, "too_large"


class NotAudioError(ApiError):
    status, code = 415, "not_audio"


class UnusableAudioError(ApiError):
    status, code = 422, "unusable_audio"


# nobody's fault: come back later
class PlaylistFullError(ApiError):
    status, code, retry_after_s = 429, "playlist_full", 10


class BusyError(ApiError):
    status, code, retry_after_s = 503, "busy", 1


# ours
class InternalError(ApiError):
    status, code = 500, "internal"


class NotReadyError(ApiError):
    status, code, retry_after_s = 503, "not_ready", 2


class RedisDownError(ApiError):
    status, code, retry_after_s = 503, "redis_down", 2


class BrokerFullError(ApiError):
    status, code, retry_after_s = 503, "broker_full", 10


class NoRenderWorkerError(ApiError):
    status, code, retry_after_s = 503, "no_render_worker", 5


class NoStreamerError(ApiError):
    status, code, retry_after_s = 503, "no_streamer", 5


class NotSentError(ApiError):
    status, code, retry_after_s = 503, "not_sent", 2


class DiskFullError(ApiError):
    status, code = 507, "disk_full"


OF_FLASK = {
    404: (NotFoundError.code, "There is nothing at this address."),
    405: (MethodError.code, "This address does not answer this method."),
    413: (TooLargeError.code, "The request is larger than is allowed."),
    416: (RangeError.code, "The file does not have the range that was asked for."),
}
"""Code and text of the refusals that Flask makes itself; those not listed are bad requests."""


def register(app: Flask) -> None:
    """Let every refusal and failure of `app` be answered in the one shape."""
    app.register_error_handler(ApiError, answer)
    app.register_error_handler(RedisError, _answer_redis)
    app.register_error_handler(HTTPException, _answer_flask)
    app.register_error_handler(Exception, _answer_unforeseen)


def body(code: str, message: str) -> dict[str, dict[str, str]]:
    return {"error": {"code": code, "message": message}}


def answer(error: ApiError) -> Response:
    """Return the answer to a refused request, and log it."""
    level = logging.INFO if request.method in ("POST", "DELETE") else logging.DEBUG
    log.log(
        level, "refused %s %.100s: %d %s: %s", request.method, request.path, error.status, error.code, error
    )
    response = jsonify(body(error.code, str(error)))
    response.status_code = error.status
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def _answer_redis(error: RedisError) -> Response:
    log.warning("Redis failed in %s %.100s: %s", request.method, request.path, error)
    if isinstance(error, OutOfMemoryError):
        return answer(BrokerFullError("The broker's memory is full: try again later."))
    return answer(RedisDownError("Redis does not answer: try again in a moment."))


def _answer_flask(error: HTTPException) -> Response:
    told = error.get_response()
    code, message = OF_FLASK.get(told.status_code, (BadRequestError.code, str(error.description)))
    response = jsonify(body(code, message))
    response.status_code = told.status_code
    for name in ("Allow", "Content-Range"):
        if name in told.headers:
            response.headers[name] = told.headers[name]
    return response


def _answer_unforeseen(error: Exception) -> Response:
    log.exception("%s %.100s failed", request.method, request.path, exc_info=error)
    return answer(
        InternalError("Something failed here that nobody foresaw; the server's log has the details.")
    )
