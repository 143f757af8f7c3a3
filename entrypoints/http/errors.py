"""From exceptions to problem details, the framework's own exceptions included."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import (
    DomainError,
    InvalidValue,
    KeyReused,
    NotAuthenticated,
    PreconditionFailed,
    TooManyRequests,
    Unavailable,
)
from entrypoints.http.conditions import etag
from entrypoints.http.cookies import SessionCookie
from entrypoints.http.idempotency import KEY_HEADER
from entrypoints.http.leaving import ClientLeft, answer_nothing
from entrypoints.http.methods import allow
from entrypoints.http.problems import INVALID, OTHERS, STATUS_OF, FieldError, RequestRefused, problem
from entrypoints.http.routing import methods_at
from entrypoints.http.validation import MOST_ERRORS

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field. Remove it.",
}


def handle_errors(app: FastAPI) -> None:
    """Answer every exception with a problem."""
    app.add_exception_handler(DomainError, _refused)
    app.add_exception_handler(InvalidValue, _invalid_value)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _framework)
    app.add_exception_handler(ClientLeft, answer_nothing)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    status = next(status for family, status in STATUS_OF.items() if isinstance(error, family))
    return problem(request, status, error.code, str(error), headers=_headers(request, error))


def _headers(request: Request, error: DomainError) -> Mapping[str, str] | None:
    if isinstance(error, NotAuthenticated):
        return {"WWW-Authenticate": _challenge(request)}
    if isinstance(error, PreconditionFailed):
        return None if error.version is None else {"ETag": etag(error.version)}
    if isinstance(error, TooManyRequests):
        return _limit_headers(error)
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after)}
    return None


def _challenge(request: Request) -> str:
    """What a client has to send (RFC 6750, section 3.1): an error code only where it sent something."""
    cookie: SessionCookie = request.app.state.session_cookie
    has_sent = "authorization" in request.headers or bool(cookie.values(request.headers.getlist("cookie")))
    return 'Bearer error="invalid_token"' if has_sent else "Bearer"


def _limit_headers(error: TooManyRequests) -> Mapping[str, str]:
    """When to come back, and what was used up (draft-ietf-httpapi-ratelimit-headers-10)."""
    rate, seconds = error.rate, max(ceil(error.wait.total_seconds()), 1)
    return {
        "Retry-After": str(seconds),
        "RateLimit": f'"{rate.name}";r={error.left};t={seconds}',
        "RateLimit-Policy": f'"{rate.name}";q={rate.amount};w={int(rate.per.total_seconds())}',
    }


async def _invalid_value(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidValue)
    if isinstance(error, KeyReused):
        found = FieldError(pointer=f"/header/{KEY_HEADER}", message=error.message, code=error.reason)
        return problem(request, STATUS_OF[InvalidValue], error.code, error.detail, errors=[found])
    found = FieldError(pointer=f"/{error.field}" if error.field else "", message=error.message, code=error.reason)
    return problem(request, STATUS_OF[InvalidValue], InvalidValue.code, INVALID, errors=[found])


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [_field_error(part) for part in error.errors()[:MOST_ERRORS]]
    return problem(request, STATUS_OF[InvalidValue], InvalidValue.code, INVALID, errors=found)


def _field_error(part: Mapping[str, Any]) -> FieldError:
    refused = part.get("ctx", {}).get("error")
    if isinstance(refused, InvalidValue):
        code, message = refused.reason, refused.message
    else:
        code = part["type"]
        message = _MESSAGES.get(code) or part["msg"]
    return FieldError(pointer=_pointer(part["loc"]), message=message, code=code)


def _pointer(location: Sequence[str | int]) -> str:
    """Where in the body (RFC 6901); ``/query/…`` and ``/path/…`` for what stands in these parts of the request."""
    parts = location[1:] if location[:1] == ("body",) else location
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


async def _framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, RequestRefused):
        return problem(request, error.status, error.code, error.detail, headers=error.headers)
    code, detail = OTHERS.get(error.status_code, OTHERS[400])
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = allow(methods_at(request.app, request.scope["path"]))
    return problem(request, error.status_code, code, detail, headers=headers)
