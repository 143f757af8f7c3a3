"""Methods that every address takes besides its own (RFC 9110, section 9.3): HEAD wherever GET is, and OPTIONS."""

from collections.abc import Collection
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entrypoints.http.routing import methods_at


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A HEAD request as the GET whose answer it asks for, without the content; any other request as it is.

    The answer ends with its head, so that a GET that streams is not carried on.
    """
    if scope["method"] != "HEAD":
        return scope, send

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return {**scope, "method": "GET"}, send_head


def allow(methods: Collection[str]) -> str:
    """The value of ``Allow`` for an address whose routes take these methods."""
    return ", ".join(sorted({*methods, "OPTIONS", *(("HEAD",) if "GET" in methods else ())}))


class Options:
    """In front of the routes: answers OPTIONS with what an address takes, to anyone. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises HTTPException (404) for OPTIONS of an address that no route has."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await self._app(scope, receive, send)
            return
        methods = methods_at(scope["app"], scope["path"])
        if not methods:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        await Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allow(methods)})(scope, receive, send)
