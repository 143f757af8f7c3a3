"""How each operation can refuse: what follows from the kind of its route, and what its use case raises."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from fastapi.routing import APIRoute

from domain.errors import (
    InvalidValue,
    KeyReused,
    NotAuthenticated,
    SpaceForbidden,
    StillRunning,
    TooBusy,
    TooManyRequests,
    Unavailable,
    WrongStoreVersion,
)
from entrypoints.http.callers import SAFE_METHODS
from entrypoints.http.connection_problems import ON_EVERY_CONNECTION
from entrypoints.http.docstrings import raised_by
from entrypoints.http.parameters import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, Parameter
from entrypoints.http.problem_types import INTERNAL_ERROR, NO_SUCH_ROUTE, ProblemType, Refusal, type_of
from entrypoints.http.problems import (
    MEDIA_TYPE,
    AmbiguousCredentials,
    BodyTooLarge,
    CrossSiteRefused,
    CsrfRefused,
    HttpsRequired,
    MalformedBody,
    MalformedCondition,
    MalformedKey,
    NotReady,
    PreconditionNotSupported,
    PreconditionRequired,
    UnsupportedContentCoding,
    UnsupportedMediaType,
)
from entrypoints.http.routing import SecuredRoute, SpaceRoute, StrictRoute

_OF_ONE: Final[Mapping[str, Refusal]] = {"login_browser": CrossSiteRefused, "readyz": NotReady}
"""What the route itself refuses, and neither its kind nor its use case."""

_OF_HEADER: Final[Mapping[str, Sequence[Refusal]]] = {
    IF_NONE_MATCH["name"]: (MalformedCondition,),
    IF_MATCH["name"]: (MalformedCondition, PreconditionRequired),
    IDEMPOTENCY_KEY["name"]: (MalformedKey, StillRunning, KeyReused),
}

_RETRY_AFTER: Final = {"Retry-After": "After how many seconds it can be done again."}
_HEADERS: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"WWW-Authenticate": '`Bearer`, with `error="invalid_token"` where a token or cookie was sent.'},
    429: _RETRY_AFTER
    | {
        "RateLimit": "Which policy has too little left, how much that is, and in how many seconds it is renewed.",
        "RateLimit-Policy": "How much the policy allows, in how many seconds.",
    },
    503: _RETRY_AFTER,
}
"""The headers that refusals of a status always have."""


def problems_of(route: APIRoute, parameters: Sequence[Parameter], *, https_only: bool) -> set[ProblemType]:
    """Every type of problem that the route can answer with."""
    kinds = {*raised_by(route), *_of_route(route), *_of_parameters(parameters)}
    if https_only and route.path_format.startswith("/api"):
        kinds.add(HttpsRequired)
    strays = {NO_SUCH_ROUTE} if "{" in route.path_format else set()
    return {INTERNAL_ERROR, *strays, *map(type_of, kinds)}


def _of_route(route: APIRoute) -> Iterator[Refusal]:
    yield from ON_EVERY_CONNECTION
    if route.path_format.startswith("/api"):
        yield from (TooBusy, Unavailable, WrongStoreVersion)
    if isinstance(route, StrictRoute) and not route.ignores_query:
        yield InvalidValue
    if not SAFE_METHODS.issuperset(route.methods or ()):
        yield from (MalformedBody, BodyTooLarge, UnsupportedMediaType, UnsupportedContentCoding)
    if isinstance(route, SecuredRoute):
        yield from (AmbiguousCredentials, NotAuthenticated, TooManyRequests, PreconditionNotSupported)
        if not SAFE_METHODS.issuperset(route.methods or ()):
            yield from (CrossSiteRefused, CsrfRefused)
    if isinstance(route, SpaceRoute) or "{organization_id}" in route.path_format:
        yield SpaceForbidden
    if route.name in _OF_ONE:
        yield _OF_ONE[route.name]


def _of_parameters(parameters: Sequence[Parameter]) -> Iterator[Refusal]:
    for parameter in parameters:
        yield from _OF_HEADER.get(parameter["name"], ())


def by_status(types: set[ProblemType]) -> dict[str, list[ProblemType]]:
    """The types of problem for each status, by their codes."""
    found = sorted(types, key=lambda each: (each.status, each.code))
    return {str(status): list(group) for status, group in groupby(found, lambda each: each.status)}


def name_of(types: Sequence[ProblemType]) -> str:
    """What an answer is called that is a problem of one of these types."""
    return "Or".join(each.name for each in types)


def response_of(types: Sequence[ProblemType]) -> dict[str, Any]:
    """An answer that is a problem of one of these types."""
    schemas = [each.reference for each in types]
    headers = {name: _header(text) for name, text in _HEADERS.get(types[0].status, {}).items()}
    return {
        "description": "\n".join(f"- `{each.code}`: {each.detail}" for each in types),
        **({"headers": headers} if headers else {}),
        "content": {
            MEDIA_TYPE: {
                "schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas},
                "examples": {each.code: {"value": each.example} for each in types},
            }
        },
    }


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}, "required": True}
