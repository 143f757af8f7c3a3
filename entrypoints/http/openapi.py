"""What routes say of their answers in the OpenAPI document."""

from http import HTTPStatus
from typing import Any, Final

from entrypoints.http.idempotency import REPLAYED_HEADER

Responses = dict[int | str, dict[str, Any]]

_ANSWER_HEADERS: Final = {
    "Location": "Where it is.",
    "ETag": "Which version this is: for If-Match, and for If-None-Match.",
}


def answer(status: int, *headers: str, repeatable: bool = False) -> Responses:
    """The answer of a route that succeeds, with the headers that it always has.

    A ``repeatable`` one takes a key, and answers a request that is sent again as the first time.
    """
    described: dict[str, dict[str, Any]] = {
        name: {"description": _ANSWER_HEADERS[name], "schema": {"type": "string"}, "required": True} for name in headers
    }
    if repeatable:
        described[REPLAYED_HEADER] = {
            "description": "`true` where this was answered before.",
            "schema": {"type": "string"},
        }
    return {status: {"headers": described}}


def seen_already() -> Responses:
    """The answer of a route that shows one thing, to somebody who has it already."""
    seen = answer(HTTPStatus.NOT_MODIFIED, "ETag")
    seen[HTTPStatus.NOT_MODIFIED]["description"] = "It is still the version that If-None-Match names."
    return seen


def paged_by_cursor() -> Responses:
    """The answer of a list that has cursors only."""
    text = "The next page (RFC 8288), if there is one. The target is relative to the address of the request."
    return {200: {"headers": {"Link": {"description": text, "schema": {"type": "string"}}}}}


def linked(*, by_cursor: bool = True) -> Responses:
    """The answer of a list that leads on to its other stretches."""
    where = "first, prev, next and last of pages" + (", next of cursors" if by_cursor else "")
    text = f"Where the other stretches are (RFC 8288): {where}. The targets are relative to the address of the request."
    return {200: {"headers": {"Link": {"description": text, "schema": {"type": "string"}}}}}
