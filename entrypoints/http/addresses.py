"""Addresses: each has one spelling, and a path in another one leads nowhere. Decided before a route is looked for.

A tolerant path turns the deletion of one thing, whose id happens to be empty or ``..``, into the deletion of all.
"""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from entrypoints.http.bodies import StrictRequest
from entrypoints.http.routing import SecuredRoute, routes_at

_READING: Final = frozenset({"GET", "HEAD"})
_ENCODED_SLASH: Final = re.compile(rb"%2f", re.IGNORECASE)
_CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
_STRAY: Final = re.compile(rf"//|/\.\.?(?:/|\Z)|[{_CONTROLS}]")
_CONTROL: Final = re.compile(f"[{_CONTROLS}]")
_MISSING: Final = frozenset({"", ".", ".."})
"""Segments that name nothing (RFC 3986, section 5.2.4)."""
_PLACEHOLDER: Final = "-"


def is_canonical(method: str, path: str, raw_path: bytes) -> bool:
    """Tell whether a path is spelled in the one way that is answered.

    ``path`` is decoded, ``raw_path`` as it was sent. Double slashes, dot segments, encoded slashes and control
    characters are never canonical, a slash at the end only for GET and HEAD.
    """
    # Nearly every path is told by these, at a tenth of what the patterns cost.
    is_plain = b"%" not in raw_path and "//" not in path and "/." not in path and path.isprintable()
    if not is_plain and (_STRAY.search(path) or _ENCODED_SLASH.search(raw_path)):
        return False
    return method in _READING or path == "/" or not path.endswith("/")


def meanings(raw_path: bytes) -> Sequence[str]:
    """What a path that is not canonical may have been meant for.

    First without the segments that name nothing, then with something in their place: an id that turned out empty.
    """
    whole = _CONTROL.sub("", _decoded(raw_path))
    named = [part for part in whole.split("/") if part not in _MISSING]
    filled: list[str] = []
    for part in map(_decoded, raw_path.split(b"/")[1:]):
        names_nothing = part in _MISSING or "/" in part or _CONTROL.search(part)
        if not names_nothing or filled[-1:] != [_PLACEHOLDER]:
            filled.append(_PLACEHOLDER if names_nothing else part)
    return [f"/{'/'.join(named)}", f"/{'/'.join(filled)}"]


def _decoded(raw: bytes) -> str:
    return unquote(raw.decode("latin-1"))


class _Nowhere(SecuredRoute):
    """Where a path leads that is not canonical: to 401 for who is not signed in, else to 404."""

    ignores_query = True

    def _require_evaluated(self, request: StrictRequest) -> None:
        """Nothing: there is nothing here that a condition could be about."""


class CanonicalPaths:
    """In front of the routes: lets canonical paths through, without the slash at their end. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._nowhere = _Nowhere("/", _not_found, methods=["GET"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises HTTPException (404) for a path that is not canonical."""
        if scope["type"] == "http":
            path: str = scope["path"]
            raw_path: bytes = scope.get("raw_path") or path.encode()
            if not is_canonical(scope["method"], path, raw_path):
                if _is_secured(scope["app"], scope["method"], meanings(raw_path)):
                    await self._nowhere.app(scope, receive, send)
                    return
                raise HTTPException(HTTPStatus.NOT_FOUND)
            if path.endswith("/"):
                scope["path"] = path.removesuffix("/") or path
        await self._app(scope, receive, send)


def _is_secured(app: FastAPI, method: str, paths: Sequence[str]) -> bool:
    """Whether one of these paths leads to a route for people who are signed in."""
    found = (route for path in paths for route in routes_at(app, path))
    return any(isinstance(route, SecuredRoute) and method in (route.methods or ()) for route in found)


async def _not_found() -> Response:
    raise HTTPException(HTTPStatus.NOT_FOUND)
