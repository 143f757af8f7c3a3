"""Lists as they are answered: the items of a stretch, where it lies, and how to go on."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from application.listing import Listing
from entrypoints.http.links import next_link, page_links
from entrypoints.http.paging import CursorParameters
from entrypoints.http.responses import Json

Item = TypeVar("Item")


class ListView(TypedDict):
    """A stretch of a list; ``total`` counts all of it. With a cursor ``total`` and ``page`` are null."""

    total: int | None
    page: int | None
    page_size: int
    next_cursor: str | None


class CursorListView(TypedDict):
    """A page of a list; ``next_cursor`` leads to the next one, null on the last page."""

    next_cursor: str | None


def paged(request: Request, found: Listing[Item], view: Callable[[Item], Mapping[str, Any]]) -> Response:
    """A page of a list that has cursors only, with the link to the next page."""
    page = {"items": [view(item) for item in found.items], "next_cursor": found.next_cursor}
    return Json(page, headers=next_link(request, found.next_cursor))


def listed(
    request: Request,
    parameters: CursorParameters,
    found: Listing[Item],
    view: Callable[[Item], Mapping[str, Any]],
) -> Response:
    """A stretch of a list, with the links to the others."""
    where: ListView = {
        "total": found.total,
        "page": None if found.total is None else parameters.number,
        "page_size": parameters.size,
        "next_cursor": found.next_cursor,
    }
    if found.total is None:
        links = next_link(request, found.next_cursor)
    else:
        links = page_links(request, parameters, found.total)
    return Json({"items": [view(item) for item in found.items], **where}, headers=links)
