"""What is the same for everyone as long as the process runs: pages, files, and the OpenAPI document."""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import cached_property
from hashlib import sha256
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from entrypoints.http.conditions import is_seen
from entrypoints.http.routing import PlainRoute

_LEAST_COMPRESSED: Final = 1024
"""Bytes below which the head of an answer outweighs what compression saves."""
_COMPRESSION: Final = 6
_NO_CACHE: Final = "no-cache"
"""A copy may be kept and is asked for before each use: the next version of the service has other pages."""


class Page:
    """Content that is made once, when it is asked for first, with its entity tags and its compressed form."""

    def __init__(self, content: Callable[[], bytes], media_type: str) -> None:
        self._content = content
        self._media_type = media_type

    @cached_property
    def _plain(self) -> bytes:
        return self._content()

    @cached_property
    def _compressed(self) -> bytes | None:
        """The content in gzip; None where that saves nothing."""
        if len(self._plain) < _LEAST_COMPRESSED:
            return None
        compressed = gzip.compress(self._plain, _COMPRESSION, mtime=0)
        return compressed if len(compressed) < len(self._plain) else None

    @cached_property
    def _etag(self) -> str:
        return urlsafe_b64encode(sha256(self._plain).digest()[:18]).decode()

    def answer(self, request: Request) -> Response:
        """The content as the client takes it, or 304 (RFC 9110, section 13.1.2). Raises MalformedCondition."""
        compressed = self._compressed if _takes_gzip(request) else None
        # Each form has a tag of its own: a strong tag names bytes.
        etag = f'"{self._etag}-gzip"' if compressed else f'"{self._etag}"'
        headers = {"ETag": etag, "Cache-Control": _NO_CACHE, "Vary": "Accept-Encoding"}
        if is_seen(request, etag):
            return Response(status_code=304, headers=headers)
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return Response(compressed or self._plain, headers=headers, media_type=self._media_type)


def _takes_gzip(request: Request) -> bool:
    """Whether the client takes gzip (RFC 9110, section 12.5.3); ``*`` is taken for other codings only."""
    for part in ",".join(request.headers.getlist("accept-encoding")).split(","):
        coding, _, weight = part.partition(";")
        if coding.strip().lower() in {"gzip", "x-gzip"}:
            return weight.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def serve_page(app: FastAPI, path: str, page: Page) -> None:
    """Answer at ``path`` with a page, to anyone."""

    async def answer(request: Request) -> Response:
        return page.answer(request)

    app.router.add_api_route(path, answer, include_in_schema=False, route_class_override=PlainRoute)
