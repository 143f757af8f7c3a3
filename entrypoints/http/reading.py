"""What endpoints take, read from requests.

An endpoint says in its signature what it takes, and FastAPI documents that. It is read here, by pydantic alone:
FastAPI's own way can do much more, and costs a quarter of a request.
"""

import inspect
from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

from fastapi import params
from fastapi.exceptions import RequestValidationError
from pydantic import with_config
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from domain.errors import InvalidValue
from entrypoints.http.bodies import StrictRequest, read_json
from entrypoints.http.fields import STRICT
from entrypoints.http.queries import query_items, query_of
from entrypoints.http.validation import MOST_ERRORS, BodyReader, Errors, Reader

Endpoint = Callable[..., Awaitable[Response]]
Provider = Callable[[Request], Awaitable[object]]

_NOTHING: Final = object()


@with_config(STRICT)
class _Empty(TypedDict):
    """What can be sent where nothing is taken."""


_NO_BODY: Final = Reader(_Empty, ("body",))
_NO_QUERY: Final = Reader(_Empty, ("query",))
_MEMBERS_WHERE_NONE_ARE_TAKEN: Final = BodyReader(_Empty, ("body",)).most_members


@dataclass(frozen=True, slots=True)
class Strictness:
    """Which parts of a request may hold nothing that the endpoint does not take; the others are left alone."""

    body: bool
    query: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A parameter of an endpoint that is read from a part of the request."""

    name: str
    reader: Reader
    sent: Callable[[StrictRequest], object]
    """What was sent of it."""


@dataclass(frozen=True, slots=True)
class _Body:
    """The parameter of an endpoint that is read from the body."""

    name: str
    reader: BodyReader


class Signature:
    """What one endpoint takes. Raises TypeError for a parameter that is not read here, or would be misread."""

    def __init__(self, endpoint: Endpoint, in_path: Container[str], strictness: Strictness) -> None:
        self._requests: list[str] = []
        self._provided: list[tuple[str, Provider]] = []
        self._parts: list[_Part] = []
        self._body: _Body | None = None
        self._has_query = False
        hints = get_type_hints(endpoint, include_extras=True)
        for name in inspect.signature(endpoint).parameters:
            self._take(name, hints[name], is_in_path=name in in_path)
        self._refuses_body = strictness.body and self._body is None
        self._reads_body = strictness.body or self._body is not None
        self.most_members = self._body.reader.most_members if self._body else _MEMBERS_WHERE_NONE_ARE_TAKEN
        self._refuses_query = strictness.query and not self._has_query

    def _take(self, name: str, hint: Any, *, is_in_path: bool) -> None:
        kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        mark = next((mark for mark in marks if isinstance(mark, (params.Depends, params.Query, params.Body))), None)
        if is_in_path:
            self._parts.append(_Part(name, Reader(hint, ("path", name)), lambda got: got.path_params[name]))
        elif kind is Request:
            self._requests.append(name)
        elif isinstance(mark, params.Depends) and mark.dependency is not None:
            self._provided.append((name, mark.dependency))
        elif isinstance(mark, params.Query):
            self._has_query = _first(name, is_second=self._has_query)
            self._parts.append(_Part(name, Reader(kind, ("query",)), query_of(kind)))
        elif isinstance(mark, params.Body):
            _first(name, is_second=self._body is not None)
            self._body = _Body(name, BodyReader(kind, ("body",)))
        else:
            raise TypeError(f"'{name}' is no request, no dependency, and in neither path, query nor body")

    def read(self, request: StrictRequest) -> Awaitable[dict[str, Any]]:
        """The arguments for the endpoint. Raises RequestValidationError, and what reading a body raises."""
        return self._with_body(request) if self._reads_body else self._arguments(request, _NOTHING)

    async def _with_body(self, request: StrictRequest) -> dict[str, Any]:
        """The same with the body. A large one is read in turn."""
        await request.body()
        if not request.has_large_body:
            return await self._arguments(request, await _json(request, self.most_members))
        async with request.turn():
            return await self._arguments(request, await _json(request, self.most_members))

    async def _arguments(self, request: StrictRequest, body: object) -> dict[str, Any]:
        arguments: dict[str, Any] = dict.fromkeys(self._requests, request)
        for name, provide in self._provided:
            arguments[name] = await provide(request)
        errors: Errors = []
        if self._refuses_body and body is not _NOTHING:
            errors += _strays(_NO_BODY, body)
        for part in self._parts:
            try:
                arguments[part.name] = part.reader.read(part.sent(request))
            except RequestValidationError as error:
                errors += error.errors()
        if self._refuses_query and request.scope["query_string"]:
            errors += _strays(_NO_QUERY, dict(query_items(request)))
        if self._body is not None:
            errors += await _read_body(self._body, body, arguments)
        if errors:
            raise RequestValidationError(errors[:MOST_ERRORS])
        return arguments


def _first(name: str, *, is_second: bool) -> bool:
    """True. Raises TypeError for a second parameter from a part of the request that is read into one."""
    if is_second:
        raise TypeError(f"'{name}' is one too many: what comes from the query is one parameter, and so is the body")
    return True


@cache
def signature_of(endpoint: Endpoint, in_path: frozenset[str], strictness: Strictness) -> Signature:
    """The same for every route that leads to the endpoint, in whichever space. Raises TypeError."""
    return Signature(endpoint, in_path, strictness)


async def _read_body(part: _Body, body: object, arguments: dict[str, Any]) -> Errors:
    """Put what the body says among the arguments, or return what is wrong with it."""
    if body is _NOTHING:
        return [{"type": "missing", "loc": ("body",)}]
    try:
        arguments[part.name] = await part.reader.read(body)
    except RequestValidationError as error:
        return list(error.errors())
    return []


def _strays(nothing: Reader, sent: object) -> Errors:
    """What is wrong with a part of the request of which the endpoint takes nothing."""
    try:
        nothing.read(sent)
    except RequestValidationError as error:
        return list(error.errors())
    return []


async def _json(request: StrictRequest, most_members: int) -> object:
    """The body as JSON, if there is one."""
    body = await request.body()
    if not body:
        return _NOTHING
    try:
        return read_json(body, most_members)
    except InvalidValue as refusal:
        error = {"type": refusal.reason, "loc": ("body",), "ctx": {"error": refusal}}
        raise RequestValidationError([error]) from refusal
