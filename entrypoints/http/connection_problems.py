"""Requests that the server refuses before the application sees them, and how it has them answered.

The server marks such a request in its scope, and the envelope answers it. So these answers are made, logged and
furnished with headers like all others.
"""

from http import HTTPStatus
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from entrypoints.http.problems import RequestRefused, problem

REFUSED: Final = "taskward.refused"
"""Where a scope names the RequestRefused with which the server refuses the request."""


class MalformedRequest(RequestRefused):
    """What came is no request of HTTP/1.1 (RFC 9112)."""

    code = "malformed-request"
    status = HTTPStatus.BAD_REQUEST
    text = "Send a request as HTTP/1.1 or HTTP/1.0 describes it (RFC 9112). This one cannot be parsed."


class MalformedHost(RequestRefused):
    """A request without Host, with several, or with one that is no host (RFC 9112, 3.2)."""

    code = "malformed-host"
    status = HTTPStatus.BAD_REQUEST
    text = "Send one Host header with the host of the URL and, where it has one, its port: 'Host: tasks.example.org'."


class TransferCodingNotSupported(RequestRefused):
    """A body that is encoded on the way in another manner than chunked (RFC 9112, 6.1)."""

    code = "transfer-coding-not-supported"
    status = HTTPStatus.NOT_IMPLEMENTED
    text = "Send a body with Content-Length, or with 'Transfer-Encoding: chunked' and nothing else there."


class TargetTooLong(RequestRefused):
    """A request target over the limit."""

    code = "target-too-long"
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    text = "The path and the query of a URL may have at most 8 KiB together."


class HeadTooLarge(RequestRefused):
    """A request head over the limit."""

    code = "head-too-large"
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    text = "A request may have at most 100 header fields and 64 KiB before its body. Send fewer or shorter ones."


class RequestTimeout(RequestRefused):
    """A request that did not come in time."""

    code = "request-timeout"
    status = HTTPStatus.REQUEST_TIMEOUT
    text = (
        "A request head must come within 10 seconds, and a body within 10 seconds and one more for each 16 KiB. "
        "Send the request again on a new connection."
    )


class TooManyConnections(RequestRefused):
    """A connection over the limits."""

    code = "too-many-connections"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    text = "There are too many connections from this address or in all. Close some, or try again later."
    sent_along: ClassVar = {"Retry-After": "10"}


ON_EVERY_CONNECTION: Final = (
    MalformedRequest,
    MalformedHost,
    TransferCodingNotSupported,
    TargetTooLong,
    HeadTooLarge,
    RequestTimeout,
    TooManyConnections,
)
"""What the server can answer instead of any operation."""


def answer_refused(scope: Scope) -> Response | None:
    """The answer to a request that the server has refused; None for every other request."""
    refused: type[RequestRefused] | None = scope.get(REFUSED)
    if refused is None:
        return None
    headers = {"Cache-Control": "no-store", **(refused.sent_along or {})}
    return problem(Request(scope), refused.status, refused.code, refused.text, headers=headers)
