"""Requests whose target is sent as it is written, for clients that tidy paths up."""

from typing import Any
from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send


class ExactTransport(httpx.AsyncBaseTransport):
    """Asks an application in this process. The extension ``target`` counts, as it does on a real connection."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        self._app = app
        self._options = options

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        target: bytes | None = request.extensions.get("target")
        app = self._app if target is None else _at(self._app, target)
        return await httpx.ASGITransport(app=app, **self._options).handle_async_request(request)


def exactly(path: str) -> dict[str, Any]:
    """What a request is sent with so that its path arrives as it is written."""
    return {"extensions": {"target": path.encode()}}


def _at(app: ASGIApp, target: bytes) -> ASGIApp:
    """The application, asked for this target; what a server makes of one is made here."""
    raw_path, _, query = target.partition(b"?")

    async def at_target(scope: Scope, receive: Receive, send: Send) -> None:
        path = unquote(raw_path.decode("ascii"))
        await app({**scope, "path": path, "raw_path": raw_path, "query_string": query}, receive, send)

    return at_target
