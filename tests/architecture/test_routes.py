"""Every route asks who is calling, or stands on the short list of those that need not."""

from typing import Any, Final

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount

from entrypoints.container import Service
from entrypoints.http.app import create_app
from entrypoints.http.routing import PERSONAL, SecuredRoute, StrictRoute, serve

PUBLIC: Final = {
    "register",
    "login",
    "login_browser",
    "refresh",
    "request_password_reset",
    "confirm_password_reset",
    "livez",
    "readyz",
    "/openapi.json",
    "/docs",
    "/docs/assets/favicon.png",
    "/docs/assets/swagger-ui-bundle.js",
    "/docs/assets/swagger-ui.css",
    "/docs/problems",
    "/docs/start.js",
}
"""The operations that need no token, and the paths of what is no operation."""


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create_app(service)


async def _leak() -> Response:
    return Response("everybody's tasks")


def _public(app: FastAPI) -> set[str]:
    return {_name(route) for route in app.routes if not isinstance(route, SecuredRoute)}


def _name(route: BaseRoute) -> str:
    name: str = getattr(route, "operation_id", None) or getattr(route, "path", None) or repr(route)
    return name


def _undeclared(app: FastAPI) -> set[str]:
    """The operations of secured routes of which the document does not say that they need a token."""
    document = app.openapi()
    schemes = document["components"]["securitySchemes"]
    return {
        _name(route)
        for route in app.routes
        if isinstance(route, SecuredRoute)
        for method in route.methods or ()
        if not _asks(document["paths"].get(route.path_format, {}).get(method.lower(), {}), schemes)
    }


def _asks(operation: dict[str, Any], schemes: dict[str, Any]) -> bool:
    ways = operation.get("security", [])
    return bool(ways) and all(way and set(way) <= set(schemes) for way in ways)


def test_every_route_is_secured_or_on_the_public_list(app: FastAPI) -> None:
    assert _public(app) == PUBLIC


def _served_by_the_framework(app: FastAPI) -> set[str]:
    """Routes that would be served by FastAPI's own way, which needs layers that are not there."""
    return {_name(route) for route in app.routes if not isinstance(route, StrictRoute | Mount)}


def test_every_route_is_served_by_a_class_of_ours(app: FastAPI) -> None:
    assert _served_by_the_framework(app) == set()
    app.add_api_route("/api/other", _leak, operation_id="other")
    assert _served_by_the_framework(app) == {"other"}


def test_there_are_secured_routes(app: FastAPI) -> None:
    assert {"get_task", "get_task_of_owner", "get_me"} <= {_name(route) for route in app.routes} - _public(app)


def test_a_route_of_the_default_kind_is_seen(app: FastAPI) -> None:
    app.add_api_route("/api/leak", _leak, operation_id="leak")
    assert _public(app) - PUBLIC == {"leak"}


def test_a_public_route_that_is_served_with_the_others_is_seen(app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route("/leak", _leak, name="leak")
    serve(app, router, PERSONAL)
    assert _public(app) - PUBLIC == {"leak"}


def test_an_included_router_is_seen(app: FastAPI) -> None:
    router = APIRouter(route_class=APIRoute)
    router.add_api_route("/leak", _leak)
    app.include_router(router)
    assert len(_public(app) - PUBLIC) == 1


def test_a_mounted_application_is_seen(app: FastAPI) -> None:
    app.mount("/leak", FastAPI())
    assert _public(app) - PUBLIC == {"/leak"}


def test_every_secured_operation_says_so_in_the_document(app: FastAPI) -> None:
    assert _undeclared(app) == set()


def test_every_operation_that_needs_no_token_is_on_the_public_list(app: FastAPI) -> None:
    document = app.openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    schemes = document["components"]["securitySchemes"]
    assert {operation["operationId"] for operation in operations if not _asks(operation, schemes)} <= PUBLIC


@pytest.mark.parametrize("security", [[], [{}], [{"bearer": []}, {}], [{"unknown": []}]])
def test_a_secured_operation_that_does_not_say_so_is_seen(security: list[object], app: FastAPI) -> None:
    app.openapi()["paths"]["/api/users/me"]["get"]["security"] = security
    assert _undeclared(app) == {"get_me"}


def test_a_secured_operation_that_the_document_hides_is_seen(app: FastAPI) -> None:
    app.router.add_api_route(
        "/api/hidden", _leak, operation_id="hidden", include_in_schema=False, route_class_override=SecuredRoute
    )
    assert _undeclared(app) == {"hidden"}
