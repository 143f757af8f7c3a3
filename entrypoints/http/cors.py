"""Pages of other origins that may use the service (CORS). By default there are none."""

from collections.abc import Sequence
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.http.callers import CSRF_HEADER
from entrypoints.http.idempotency import KEY_HEADER, REPLAYED_HEADER

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENT: Final = (
    "Authorization",
    "Content-Type",
    CSRF_HEADER,
    "X-Request-Id",
    "If-Match",
    "If-None-Match",
    KEY_HEADER,
)
_SHOWN: Final = (
    "ETag",
    REPLAYED_HEADER,
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
_REMEMBERED_SECONDS: Final = 600


class Cors:
    """Answer pages of exactly these origins as CORS wants it. For all others it is as if there were no CORS."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.encode() for origin in origins)
        self._for_allowed = CORSMiddleware(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_SHOWN,
            allow_credentials=True,
            max_age=_REMEMBERED_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = [value for name, value in scope.get("headers", ()) if name == b"origin"]
        allowed = len(found) == 1 and found[0] in self._origins
        await (self._for_allowed if allowed else self._app)(scope, receive, send)
