"""Errors on the wire: problem details (RFC 9457). The only place that knows which refusal has which status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Final, NotRequired

import orjson
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from domain.errors import (
    Conflict,
    CursorRefused,
    DomainError,
    Forbidden,
    InvalidValue,
    InvitationRefused,
    NotAuthenticated,
    NotFound,
    PasswordResetRefused,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from entrypoints.http.validation import MOST_ERRORS

MEDIA_TYPE: Final = "application/problem+json"
PAGE: Final = "/docs/problems"
"""Where every type of problem is explained."""
INVALID: Final = "The request breaks the rules listed in 'errors'. Correct them and send it again."

STATUS_OF: Final[Mapping[type[DomainError], HTTPStatus]] = {
    InvalidValue: HTTPStatus.UNPROCESSABLE_ENTITY,
    InvitationRefused: HTTPStatus.BAD_REQUEST,
    PasswordResetRefused: HTTPStatus.BAD_REQUEST,
    CursorRefused: HTTPStatus.BAD_REQUEST,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


_ACCEPTED: Final[Mapping[str, Mapping[str, str]]] = {
    "POST": {"Accept-Post": "application/json"},
    "PATCH": {"Accept-Patch": "application/json, application/merge-patch+json"},
}


class FieldError(TypedDict):
    """What is wrong with one value of the request."""

    pointer: str
    message: str
    code: str


class Problem(TypedDict):
    """What went wrong, and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: NotRequired[Annotated[list[FieldError], Field(max_length=MOST_ERRORS)]]


class RequestRefused(HTTPException):
    """A request that HTTP itself refuses, before any use case sees it."""

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    text: ClassVar[str]
    sent_along: ClassVar[Mapping[str, str] | None] = None

    def __init__(self, text: str | None = None) -> None:
        super().__init__(self.status, text or self.text, self.sent_along)


class AmbiguousCredentials(RequestRefused):
    """Two ways of saying who one is."""

    code = "ambiguous-credentials"
    status = HTTPStatus.BAD_REQUEST
    text = "Send one Authorization header or one session cookie, and not both."


class CsrfRefused(RequestRefused):
    """A request that rides on a cookie, without the proof that one of our pages sent it."""

    code = "csrf-token"
    status = HTTPStatus.FORBIDDEN
    text = "Send the csrf_token of this session as 'X-CSRF-Token': every change that rides on a cookie needs it."


class CrossSiteRefused(RequestRefused):
    """A request that another site's page made a browser send."""

    code = "cross-site"
    status = HTTPStatus.FORBIDDEN
    text = "The page of another site is behind this request. Send it from a page of this service's own site."


class MalformedBody(RequestRefused):
    """A body that is no JSON."""

    code = "malformed-json"
    status = HTTPStatus.BAD_REQUEST
    text = "The body must be one JSON value in UTF-8, nested 100 deep at most, with no name twice in an object."


class BodyTooLarge(RequestRefused):
    """A body over the limit."""

    code = "body-too-large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    text = "The body may have at most 1 MiB, or 16 KiB where no account is needed. Send less at once."


class UnsupportedMediaType(RequestRefused):
    """A body that does not say it is JSON."""

    code = "unsupported-media-type"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    text = "Send the body as 'Content-Type: application/json'."

    @classmethod
    def of(cls, method: str) -> "UnsupportedMediaType":
        """The refusal of a request with this method: a header says what is taken (RFC 9110, 15.5.16, RFC 5789)."""
        refused = cls()
        refused.headers = _ACCEPTED.get(method, {"Accept": "application/json"})
        return refused


class UnsupportedContentCoding(RequestRefused):
    """A body that is compressed or otherwise encoded."""

    code = "unsupported-content-coding"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    text = "Send the body as it is, without Content-Encoding."
    sent_along: ClassVar = {"Accept-Encoding": "identity"}


class PreconditionNotSupported(RequestRefused):
    """A condition that the operation does not evaluate. To ignore it could do what the client wanted to prevent."""

    code = "precondition-not-supported"
    status = HTTPStatus.BAD_REQUEST
    text = "This operation does not evaluate this If-Match or If-None-Match. Send the request without it."


class MalformedCondition(RequestRefused):
    """A condition of which nobody knows what it means."""

    code = "malformed-condition"
    status = HTTPStatus.BAD_REQUEST
    text = "Send If-Match and If-None-Match as '*', or as ETags of this service with commas between: '\"v1\", \"v2\"'."


class MalformedKey(RequestRefused):
    """A key that is none, or more than one."""

    code = "malformed-idempotency-key"
    status = HTTPStatus.BAD_REQUEST
    text = "Send one Idempotency-Key of 1 to 255 visible ASCII characters, best a random UUID."


class PreconditionRequired(RequestRefused):
    """A change that does not say what it is meant for, where that is demanded."""

    code = "precondition-required"
    status = HTTPStatus.PRECONDITION_REQUIRED
    text = "Send the ETag of what you have read as 'If-Match', so that you change nothing that you have not seen."


class HttpsRequired(RequestRefused):
    """A plain request to a service that only speaks HTTPS."""

    code = "https-required"
    status = HTTPStatus.FORBIDDEN
    text = "Use https:// for this service."


class NotReady(RequestRefused):
    """The service cannot do its work; the detail says why."""

    code = "not-ready"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    text = "The service cannot do its work."
    sent_along: ClassVar = {"Retry-After": str(Unavailable.retry_after)}


OTHERS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("bad-request", "The request cannot be understood. Compare it with the documentation."),
    404: ("no-such-route", "There is no such address. See /docs for those there are."),
    405: (
        "method-not-allowed",
        "This address does not take this method. The Allow header says which it takes.",
    ),
    500: (
        "internal-error",
        "Something went wrong on our side. Nothing was changed; report the request id if it lasts.",
    ),
}
"""The framework's own refusals."""


def uri_of(code: str) -> str:
    """The type of a problem, for programs."""
    return f"{PAGE}#{code}"


def title_of(code: str) -> str:
    """The type of a problem, for people."""
    return code.replace("-", " ").capitalize()


def problem(  # noqa: PLR0913 - a problem has these parts
    request: Request,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    errors: list[FieldError] | None = None,
) -> Response:
    """An answer that says what went wrong."""
    body = Problem(
        type=uri_of(code),
        title=title_of(code),
        status=int(status),
        detail=detail,
        request_id=request.scope["request_id"],
    )
    if errors is not None:
        body["errors"] = errors
    # Half of a surrogate pair in the name of an unknown field cannot be sent back as it came.
    text = orjson.dumps(_sendable(body) if errors else body)
    return Response(text, int(status), headers, MEDIA_TYPE)


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {name: _sendable(part) for name, part in value.items()}
    return [_sendable(part) for part in value] if isinstance(value, list) else value
