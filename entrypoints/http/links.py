"""The header Link (RFC 8288): where the other stretches of a list are.

The targets are paths, which are relative to the address of the request: whoever sends a Host header has no say in them.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, quote_plus, urlencode

from starlette.requests import Request

from entrypoints.http.paging import StretchParameters
from entrypoints.http.queries import query_items

_LONGEST: Final = 4096
"""Bytes. Many clients and proxies take 8 KiB for all headers of an answer."""

_WHERE: Final = frozenset({"page", "skip", "cursor"})

Headers = Mapping[str, str] | None


def next_link(request: Request, cursor: str | None) -> Headers:
    """The link to the stretch that the cursor leads to, if there is one."""
    return None if cursor is None else _header([_link(_address(request), "next", "cursor", cursor)])


def page_links(request: Request, parameters: StretchParameters, total: int) -> Headers:
    """The links to the first and the last stretch, and to those on either side. An empty list is its own first."""
    size, start = parameters.size, parameters.start
    last = max(total - 1, 0) // size * size
    starts = {"first": 0}
    if start:
        starts["prev"] = min(max(start - size, 0), last)
    if start + size < total:
        starts["next"] = start + size
    starts["last"] = last
    address = _address(request)
    if parameters.by_skip:
        links = [_link(address, rel, "skip", at) for rel, at in starts.items()]
    else:
        links = [_link(address, rel, "page", at // size + 1) for rel, at in starts.items()]
    return _header(links)


def _header(links: Sequence[str]) -> Headers:
    """The header, unless it is too long for many clients: the body leads on by ``next_cursor``, too."""
    text = ", ".join(links)
    return {"Link": text} if len(text) <= _LONGEST else None


def _address(request: Request) -> str:
    """The address of the same request, each value of a filter once, up to the parameter that says from where on."""
    kept = [item for item in dict.fromkeys(query_items(request)) if item[0] not in _WHERE]
    return f"{quote(request.scope['path'])}?{urlencode(kept)}{'&' if kept else ''}"


def _link(address: str, rel: str, name: str, value: object) -> str:
    return f'<{address}{name}={quote_plus(str(value))}>; rel="{rel}"'
