"""What every request and every answer has, whatever becomes of it. Pure ASGI."""

import os
import re
from time import perf_counter
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.http.connection_problems import answer_refused
from entrypoints.http.methods import as_get
from entrypoints.http.problems import OTHERS, HttpsRequired, problem

_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_DOCS_POLICY: Final = (
    _POLICY[0],
    b"default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
)
_NO_STORE: Final = (b"cache-control", b"no-store")
_HSTS: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
_PROBES: Final = frozenset({"/livez", "/readyz"})

log: Any = structlog.get_logger("taskward.http")


class Envelope:
    """Around the whole application: request id, headers, a line in the log, and 500."""

    def __init__(self, app: ASGIApp, *, https_only: bool) -> None:
        self._app = app
        self._https_only = https_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        path: str = scope["path"]
        request_id = scope["request_id"] = _request_id(scope)
        extra, is_fresh = self._headers(path, request_id), path.startswith("/api")
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message["headers"]
                if is_fresh or all(name != _NO_STORE[0] for name, _ in headers):
                    headers.append(_NO_STORE)
                headers.extend(extra)
            await send(message)

        served, answer = as_get(scope, send_with_headers)
        try:
            await self._serve(served, receive, answer)
        except Exception:
            log.exception("failed", request_id=request_id, method=scope["method"], path=path)
            if status:
                raise
            code, detail = OTHERS[500]
            await problem(Request(scope), 500, code, detail)(scope, receive, answer)
        milliseconds = round((perf_counter() - started) * 1000, 2)
        log.info("served", method=scope["method"], path=path, status=status, ms=milliseconds, request_id=request_id)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = answer_refused(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
        elif self._https_only and scope["scheme"] != "https" and scope["path"].removesuffix("/") not in _PROBES:
            refused = HttpsRequired()
            answer = problem(Request(scope), refused.status, refused.code, refused.text)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _headers(self, path: str, request_id: str) -> list[tuple[bytes, bytes]]:
        headers = [*_ALWAYS, (b"x-request-id", request_id.encode())]
        headers.append(_DOCS_POLICY if path.startswith("/docs") else _POLICY)
        if self._https_only:
            headers.append(_HSTS)
        return headers


def _request_id(scope: Scope) -> str:
    """The client's id for the request, where it is a sane one; else a new one."""
    for name, text in scope["headers"]:
        if name == b"x-request-id":
            sent: str = text.decode("latin-1")
            return sent if _SANE_ID.fullmatch(sent) else _new_id()
    return _new_id()


def _new_id() -> str:
    return os.urandom(16).hex()
