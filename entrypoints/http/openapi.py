"""The OpenAPI document: what the routes say, and what holds for all of them."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from entrypoints.http.callers import CSRF_HEADER, SAFE_METHODS
from entrypoints.http.cookies import SessionCookie
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


def created() -> Responses:
    """The answer of a route that makes something."""
    return {
        201: {"headers": {"Location": {"description": "Where it is.", "schema": {"type": "string"}, "required": True}}}
    }


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
