"""Conditional requests (RFC 9110, section 13): what a client has seen, and whether that is still so.

An entity tag is made from the version of a thing, which counts its changes, and from nothing else.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import PreconditionFailed
from domain.versions import ANYTHING, Expectation
from entrypoints.http.problems import MalformedCondition, PreconditionRequired
from entrypoints.http.responses import Json

_ENTITY_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
# Possessive throughout: whatever somebody sends, there is one way to read it.
_LIST: Final = re.compile(rf"[\t ]*+(?:{_ENTITY_TAG})?+(?:[\t ]*+,[\t ]*+(?:{_ENTITY_TAG})?+)*+[\t ]*+")
_ONE: Final = re.compile(_ENTITY_TAG)
_OURS: Final = re.compile(r'"v([1-9][0-9]{0,9})"')


def etag(version: int) -> str:
    """The strong entity tag of a version."""
    return f'"v{version}"'


def tagged(view: Mapping[str, Any], version: int, status: int = 200, location: str | None = None) -> Response:
    """A view with its entity tag, and where it is if it is new."""
    headers = {"ETag": etag(version)} if location is None else {"Location": location, "ETag": etag(version)}
    return Json(view, status, headers)


def unless_seen(request: Request, version: int, answer: Callable[[], Response]) -> Response:
    """The answer; 304 if the client says with ``If-None-Match`` that it has it. Raises MalformedCondition."""
    if is_seen(request, etag(version)):
        return Response(status_code=304, headers={"ETag": etag(version)})
    return answer()


def is_seen(request: Request, *etags: str) -> bool:
    """Tell whether ``If-None-Match`` names one of these entity tags. Raises MalformedCondition."""
    if "if-none-match" not in request.headers:
        return False
    seen = _tags(request, "if-none-match")
    return seen is None or not {tag.removeprefix("W/") for tag in seen}.isdisjoint(etags)


def expected_versions(request: Request) -> frozenset[int] | None:
    """The versions that ``If-Match`` names; None is any. A weak tag names none, since it promises too little.

    Raises MalformedCondition, and PreconditionRequired where changes need a condition.
    """
    if "if-match" not in request.headers:
        if request.app.state.require_if_match:
            raise PreconditionRequired
        return None
    tags = _tags(request, "if-match")
    if tags is None:
        return None
    return frozenset(int(ours[1]) for tag in tags if (ours := _OURS.fullmatch(tag)))


def expected_by_put(request: Request) -> frozenset[int] | None:
    """The same for a PUT that makes nothing. ``If-None-Match: *`` names no version, since what is there is not new."""
    return frozenset() if _expects_nothing(request) else expected_versions(request)


@contextmanager
def expectation(request: Request) -> Iterator[Expectation]:
    """What a PUT that also makes things expects: what ``If-Match`` says, or ``If-None-Match: *``.

    Raises MalformedCondition for both at once. Where changes need a condition and there is none, it expects that
    there is nothing yet, and where there is something it raises PreconditionRequired.
    """
    if _expects_nothing(request):
        yield Expectation(is_new=True)
    elif "if-match" in request.headers:
        yield Expectation(expected_versions(request), is_new=False)
    elif request.app.state.require_if_match:
        try:
            yield Expectation(is_new=True)
        except PreconditionFailed:
            raise PreconditionRequired from None
    else:
        yield ANYTHING


def _expects_nothing(request: Request) -> bool:
    """Whether a PUT says ``If-None-Match: *``. Raises MalformedCondition for any other, or one with ``If-Match``."""
    if "if-none-match" not in request.headers:
        return False
    if "if-match" in request.headers or _tags(request, "if-none-match") is not None:
        raise MalformedCondition
    return True


def _tags(request: Request, header: str) -> list[str] | None:
    """The entity tags in a header, however many lines it has; None for ``*``."""
    text = ",".join(request.headers.getlist(header))
    if text.strip() == "*":
        return None
    tags = _ONE.findall(text)
    if not tags or not _LIST.fullmatch(text):
        raise MalformedCondition
    return tags
