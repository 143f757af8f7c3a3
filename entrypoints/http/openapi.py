"""The OpenAPI document: what the routes say, and what holds for all of them."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from entrypoints.http.callers import CSRF_HEADER, SAFE_METHODS
from entrypoints.http.cookies import SessionCookie
from entrypoints.http.idempotency import KEY_HEADER, REPLAYED_HEADER
from entrypoints.http.problems import MEDIA_TYPE, Problem
from entrypoints.http.routing import SecuredRoute, SpaceRoute

Responses = dict[int | str, dict[str, Any]]

_DESCRIPTION: Final = """\
A multi-tenant task service whose users never see each other's data.

The routes of a resource exist twice: under `/api` for the personal space of whoever the token names, and under
`/api/{owner_id}` for the space that the URL names. A space that is not the caller's is 403, whether it exists
or not; an item that is not in the space is 404, whether it exists elsewhere or not. Errors are problem details
(RFC 9457).
"""
_WITH_BODY: Final = (400, 413, 415, 422)
_OWNER: Final = {
    "name": "owner_id",
    "in": "path",
    "required": True,
    "description": "The space: one's own user id, or an organisation that one is a member of.",
    "schema": {"type": "string"},
}


_LIMIT_HEADERS: Final = {
    "Retry-After": "After how many seconds it can be done again.",
    "RateLimit": "Which policy is used up, and in how many seconds it is renewed.",
    "RateLimit-Policy": "How much the policy allows, in how many seconds.",
}
_CONDITIONS: Final = {
    HTTPStatus.NOT_MODIFIED: {
        "name": "If-None-Match",
        "in": "header",
        "required": False,
        "description": "The ETags of what the client has, or `*`: the answer is 304 where it is one of these.",
        "schema": {"type": "string"},
    },
    HTTPStatus.PRECONDITION_FAILED: {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETags of the versions for which the change is meant, or `*`: in another version it is 412. "
        "Where the service demands this header, it is 428 without.",
        "schema": {"type": "string"},
    },
}
"""The headers of conditional requests, by the answers that only they can lead to."""

_ONLY_NEW: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "`*`: only if there is none yet; otherwise it is 412. Not together with If-Match.",
    "schema": {"type": "string", "enum": ["*"]},
}
_KEY: Final = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "description": "Names this request: 1 to 255 visible ASCII characters, best a random UUID, in quotes or without. "
    "Sent again within 24 hours, it is answered as the first time and not done again. With another request it is 422, "
    "while the first is being answered 409. A request that was refused leaves its key free.",
    "schema": {"type": "string"},
}


def refusals(*statuses: int) -> Responses:
    """The refusals of a route, beyond those that follow from what it is."""
    limited = {
        name: {"description": text, "schema": {"type": "string"}, "required": True}
        for name, text in _LIMIT_HEADERS.items()
    }
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            **({"headers": limited} if status == HTTPStatus.TOO_MANY_REQUESTS else {}),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


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


def created() -> Responses:
    """The answer of a route that makes something and takes no key."""
    return answer(HTTPStatus.CREATED, "Location")


def seen_already() -> Responses:
    """The answer of a route that shows one thing, to somebody who has it already."""
    seen = answer(HTTPStatus.NOT_MODIFIED, "ETag")
    seen[HTTPStatus.NOT_MODIFIED]["description"] = "It is still the version that If-None-Match names."
    return seen


def conditional() -> Responses:
    """The refusals of a route that changes one thing, and does so for a version only if one is named."""
    return refusals(404, 409, 412, 428)


def linked() -> Responses:
    """The answer of a list that leads on to its other stretches."""
    return {
        200: {
            "headers": {
                "Link": {
                    "description": "Where the other stretches are (RFC 8288): first, prev, next and last of pages, "
                    "next of cursors. The targets are relative to the address of the request.",
                    "schema": {"type": "string"},
                }
            }
        }
    }


def document(app: FastAPI) -> dict[str, Any]:
    """Write the document, once."""
    if app.openapi_schema is None:
        routes = [route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema]
        written = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=routes)
        for route in routes:
            for method in route.methods or ():
                _complete(written["paths"][route.path_format][method.lower()], route)
        components = written.setdefault("components", {})
        components["securitySchemes"] = _schemes(app.state.session_cookie)
        components["schemas"] |= _problem_schemas()
        for unused in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(unused, None)
        app.openapi_schema = written
    return app.openapi_schema


def _schemes(cookie: SessionCookie) -> dict[str, Any]:
    """The ways of saying who one is."""
    return {
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": cookie.name},
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER,
            "description": "The csrf_token of the session: needed with the cookie, never with a bearer token.",
        },
    }


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    """Add what follows from the kind of route: its parameters, its security, and how it can refuse."""
    statuses = [503] if route.path_format.startswith("/api") else []
    if isinstance(route, SecuredRoute):
        is_safe = route.methods is not None and route.methods <= SAFE_METHODS
        operation["security"] = [{"bearer": []}, {"cookie": []} if is_safe else {"cookie": [], "csrf": []}]
        statuses += [400, 401, 429] if is_safe else [400, 401, 403, 429]
    if isinstance(route, SpaceRoute):
        statuses.append(403)
    if route.body_field is not None:
        statuses += _WITH_BODY
    headers = [header for status, header in _CONDITIONS.items() if str(int(status)) in operation["responses"]]
    if {"201", "412"} <= operation["responses"].keys():
        headers.append(_ONLY_NEW)
    if any(REPLAYED_HEADER in described.get("headers", ()) for described in operation["responses"].values()):
        headers.append(_KEY)
        statuses += [409, 422]
    if headers:
        operation.setdefault("parameters", []).extend(headers)
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        statuses.append(422)
    operation["responses"].pop("422", None)  # FastAPI adds its own for every route with a parameter
    if "{owner_id}" in route.path_format:
        operation.setdefault("parameters", []).insert(0, _OWNER)
    for status, described in refusals(*statuses).items():
        operation["responses"][str(status)] = described
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _problem_schemas() -> dict[str, Any]:
    schema = TypeAdapter(Problem).json_schema(ref_template="#/components/schemas/{model}")
    return {"Problem": schema, **schema.pop("$defs", {})}
