"""Pages of other origins that may use the service (CORS). By default there are none."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.http.callers import CSRF_HEADER
from entrypoints.http.idempotency import KEY_HEADER, REPLAYED_HEADER

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
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
    """Answer pages of exactly these origins as CORS wants it. For all others it is as if there were no CORS.

    Every answer says that it depends on the origin (RFC 9110, section 12.5.5): a cache must not mix them up.
    """

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
        if len(found) == 1 and found[0] in self._origins:
            await self._for_allowed(scope, receive, send)
            return

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"]).add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, send_varying)
