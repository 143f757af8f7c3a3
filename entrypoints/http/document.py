"""The OpenAPI document: what the routes say, and what holds for all of them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from domain.errors import PreconditionFailed
from entrypoints.http.callers import CSRF_HEADER, SAFE_METHODS
from entrypoints.http.cookies import SessionCookie
from entrypoints.http.docstrings import description_of, raised_by, summary_of
from entrypoints.http.examples import example_of
from entrypoints.http.following import link
from entrypoints.http.idempotency import REPLAYED_HEADER
from entrypoints.http.parameters import IDEMPOTENCY_KEY, IF_MATCH, IF_NONE_MATCH, ONLY_NEW, Parameter, parameters_of
from entrypoints.http.problem_types import ProblemType, problem_schemas
from entrypoints.http.refusals import by_status, name_of, problems_of, response_of
from entrypoints.http.routing import SecuredRoute

_DESCRIPTION: Final = """\
A multi-tenant task service whose users never see each other's data.

The routes of a resource exist twice: under `/api` for the personal space of whoever the token names, and under
`/api/{owner_id}` for the space that the URL names. A space that is not the caller's is 403, whether it exists
or not; an item that is not in the space is 404, whether it exists elsewhere or not. Errors are problem details
(RFC 9457); programs tell them by their `type`, and [a page](/docs/problems) explains each.

No text may hold NUL or half of a surrogate pair. A body may have at most 1 MiB, however long its parts may be.
"""
_TAGS: Final = {
    "authentication": "Registering, signing in, staying signed in, signing out.",
    "users": "One's own account.",
    "tasks": "Tasks, in one's own space and in the space that the URL names.",
    "tags": "Tags of a space, which its tasks name.",
    "documents": "Documents, in one's own space and in the space that the URL names.",
    "settings": "Settings of a space, each found by its key.",
    "audit": "The log of a space.",
    "organizations": "Organisations, their members, and invitations.",
    "administration": "Accounts, for administrators. Nobody's items are in reach here.",
    "operations": "What machines ask: is the process alive, can it do its work.",
}
_LICENSE: Final = {"name": "MIT", "identifier": "MIT"}
_JSON: Final = "application/json"


def document(app: FastAPI) -> dict[str, Any]:
    """Write the document, once."""
    if app.openapi_schema is None:
        app.openapi_schema = _written(app)
    return app.openapi_schema


def _written(app: FastAPI) -> dict[str, Any]:
    routes = [route for route in app.routes if isinstance(route, APIRoute) and route.include_in_schema]
    written = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=routes,
        license_info=_LICENSE,
        servers=[{"url": "/"}],
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
    )
    components = written.setdefault("components", {})
    components |= {"securitySchemes": _schemes(app.state.session_cookie), "responses": {}, "examples": {}}
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    problems = set()
    for route in routes:
        for method in route.methods or ():
            operation = written["paths"][route.path_format][method.lower()]
            _describe(operation, route)
            types = problems_of(route, operation["parameters"], https_only=app.state.session_cookie.secure)
            _refuse(operation, by_status(types), components)
            _illustrate(operation, components)
            problems |= types
    components["schemas"] |= problem_schemas(problems)
    link(written)
    return written


def _schemes(cookie: SessionCookie) -> dict[str, Any]:
    """The ways of saying who one is."""
    return {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access_token that logging in and refreshing give: checked as RFC8725 recommends.",
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": cookie.name,
            "description": "The cookie of a browser's session. Changes need the header X-CSRF-Token besides.",
        },
        "csrf": {
            "type": "apiKey",
            "in": "header",
            "name": CSRF_HEADER,
            "description": "The csrf_token of the session: needed with the cookie, never with a bearer token.",
        },
    }


def _describe(operation: dict[str, Any], route: APIRoute) -> None:
    """Say what the operation does, who may ask for it, and what it takes."""
    operation |= {"summary": summary_of(route), "description": description_of(route)}
    operation["security"] = []
    if isinstance(route, SecuredRoute):
        is_safe = SAFE_METHODS.issuperset(route.methods or ())
        operation["security"] = [{"bearer": []}, {"cookie": []} if is_safe else {"cookie": [], "csrf": []}]
    named = parameters_of(operation.get("parameters", []), route.path_format)
    operation["parameters"] = [*named, *_headers(operation, route)]


def _headers(operation: dict[str, Any], route: APIRoute) -> list[Parameter]:
    """The headers that the operation reads, told by what they can lead to."""
    found = []
    if str(int(HTTPStatus.NOT_MODIFIED)) in operation["responses"]:
        found.append(IF_NONE_MATCH)
    if PreconditionFailed in raised_by(route):
        found.append(IF_MATCH)
        if "PUT" in (route.methods or ()):
            found.append(ONLY_NEW)
    if any(REPLAYED_HEADER in described.get("headers", ()) for described in operation["responses"].values()):
        found.append(IDEMPOTENCY_KEY)
    return found


def _refuse(operation: dict[str, Any], types: Mapping[str, list[ProblemType]], components: dict[str, Any]) -> None:
    """Name the problems behind each status."""
    responses: dict[str, Any] = operation["responses"]
    responses.pop("422", None)  # FastAPI adds its own for every route with a parameter.
    for status, group in types.items():
        components["responses"].setdefault(name_of(group), response_of(group))
        responses[status] = {"$ref": f"#/components/responses/{name_of(group)}"}
    operation["responses"] = dict(sorted(responses.items()))


def _illustrate(operation: dict[str, Any], components: dict[str, Any]) -> None:
    """Say what the body and the answers are, each with an example."""
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        if _JSON in part.get("content", ()):
            content = part["content"][_JSON]
            name = content["schema"]["$ref"].rpartition("/")[2]
            part["description"] = components["schemas"][name]["description"]
            components["examples"].setdefault(name, {"value": example_of(name, components["schemas"])})
            content["examples"] = {name: {"$ref": f"#/components/examples/{name}"}}
    if "204" in operation["responses"]:
        operation["responses"]["204"]["description"] = "It is done."
