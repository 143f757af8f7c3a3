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
from pydantic import TypeAdapter, ValidationError, with_config
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from domain.errors import InvalidValue
from entrypoints.http.bodies import StrictRequest
from entrypoints.http.fields import STRICT
from entrypoints.http.queries import query_of

Endpoint = Callable[..., Awaitable[Response]]
Provider = Callable[[Request], Awaitable[object]]

_NOTHING: Final = object()


@with_config(STRICT)
class _Empty(TypedDict):
    """What can be sent where nothing is taken."""


_NO_FIELDS: Final = TypeAdapter(_Empty)


@dataclass(frozen=True, slots=True)
class Strictness:
    """Which parts of a request may hold nothing that the endpoint does not take; the others are left alone."""

    body: bool
    query: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A parameter of an endpoint that is read from a part of the request."""

    name: str
    adapter: TypeAdapter[Any]
    location: tuple[str, ...]
    sent: Callable[[StrictRequest, object], object]
    """What was sent of it, given the request and its body."""


class Signature:
    """What one endpoint takes. Raises TypeError for a parameter that is not read here, or would be misread."""

    def __init__(self, endpoint: Endpoint, in_path: Container[str], strictness: Strictness) -> None:
        self._requests: list[str] = []
        self._provided: list[tuple[str, Provider]] = []
        self._parts: list[_Part] = []
        self._has_body = self._has_query = False
        hints = get_type_hints(endpoint, include_extras=True)
        for name in inspect.signature(endpoint).parameters:
            self._take(name, hints[name], is_in_path=name in in_path)
        self._refuses_body = strictness.body and not self._has_body
        self._refuses_query = strictness.query and not self._has_query

    def _take(self, name: str, hint: Any, *, is_in_path: bool) -> None:
        kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        mark = next((mark for mark in marks if isinstance(mark, (params.Depends, params.Query, params.Body))), None)
        if is_in_path:
            self._parts.append(_Part(name, TypeAdapter(hint), ("path", name), lambda got, _: got.path_params[name]))
        elif kind is Request:
            self._requests.append(name)
        elif isinstance(mark, params.Depends) and mark.dependency is not None:
            self._provided.append((name, mark.dependency))
        elif isinstance(mark, params.Query):
            self._has_query = _first(name, is_second=self._has_query)
            self._parts.append(_Part(name, TypeAdapter(kind), ("query",), query_of(kind)))
        elif isinstance(mark, params.Body):
            self._has_body = _first(name, is_second=self._has_body)
            self._parts.append(_Part(name, TypeAdapter(hint), ("body",), lambda _, body: body))
        else:
            raise TypeError(f"'{name}' is no request, no dependency, and in neither path, query nor body")

    async def read(self, request: StrictRequest) -> dict[str, Any]:
        """The arguments for the endpoint. Raises RequestValidationError, and what reading a body raises."""
        body = await _json(request) if self._has_body or self._refuses_body else _NOTHING
        arguments: dict[str, Any] = dict.fromkeys(self._requests, request)
        for name, provide in self._provided:
            arguments[name] = await provide(request)
        errors: list[Any] = []
        if self._refuses_body and body is not _NOTHING:
            errors += _strays("body", body)
        if self._refuses_query and request.scope["query_string"]:
            errors += _strays("query", dict(request.query_params))
        for part in self._parts:
            try:
                sent = part.sent(request, body)
                if sent is _NOTHING:
                    errors.append({"type": "missing", "loc": part.location})
                    continue
                arguments[part.name] = part.adapter.validate_python(sent)
            except ValidationError as error:
                errors += _located(error, part.location)
        if errors:
            raise RequestValidationError(errors)
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


def _located(error: ValidationError, location: tuple[str, ...]) -> list[Any]:
    """What is wrong, with where it stands in the request."""
    return [{**one, "loc": (*location, *one["loc"])} for one in error.errors(include_url=False)]


def _strays(part: str, sent: object) -> list[Any]:
    """What is wrong with a part of the request of which the endpoint takes nothing."""
    try:
        _NO_FIELDS.validate_python(sent)
    except ValidationError as error:
        return _located(error, (part,))
    return []


async def _json(request: StrictRequest) -> object:
    """The body as JSON, if there is one."""
    if not await request.body():
        return _NOTHING
    try:
        return await request.json()
    except InvalidValue as refusal:
        error = {"type": refusal.reason, "loc": ("body",), "ctx": {"error": refusal}}
        raise RequestValidationError([error]) from refusal
