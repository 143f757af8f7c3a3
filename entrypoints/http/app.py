"""The ASGI application."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from entrypoints.container import Service, build
from entrypoints.http.addresses import CanonicalPaths
from entrypoints.http.buffers import Buffers
from entrypoints.http.cookies import SessionCookie
from entrypoints.http.cors import Cors
from entrypoints.http.docs import serve_docs
from entrypoints.http.document import document
from entrypoints.http.errors import handle_errors
from entrypoints.http.large_answers import LargeAnswers
from entrypoints.http.methods import Options
from entrypoints.http.middleware import Envelope
from entrypoints.http.routes import (
    administration,
    audit,
    auth,
    bulk,
    documents,
    operations,
    organizations,
    passwords,
    settings,
    tags,
    task_lists,
    tasks,
    users,
)
from entrypoints.http.routing import OF_OWNER, PERSONAL, serve
from entrypoints.logs import configure_logs
from entrypoints.settings import read_settings
from entrypoints.version import VERSION


class _Layered(FastAPI):
    """With the layers that are needed here: the envelope, other origins, answers to exceptions, canonical paths.

    FastAPI puts four more around each request: for errors that nobody answers, which the envelope does; for its
    telemetry, a limit for bodies, and files, which nobody uses.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """What a request goes through, from the outside in."""
        stack: ASGIApp = ExceptionMiddleware(CanonicalPaths(Options(self.router)), handlers=self.exception_handlers)
        for layer in reversed(self.user_middleware):
            stack = layer.cls(stack, *layer.args, **layer.kwargs)
        return stack


def create_app(service: Service) -> FastAPI:
    """The service over HTTP. It opens the service when it starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            _spare_the_collector()
            yield

    app = _Layered(
        title="Taskward",
        version=VERSION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Nobody listens to it, and it costs a twentieth of a request.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.application = service.application
    app.state.large_answers = LargeAnswers()
    app.state.buffers = Buffers(service.settings.max_buffered_bytes)
    app.state.turns_to_read = service.turns_to_read
    app.state.require_if_match = service.settings.require_if_match
    app.state.session_cookie = SessionCookie(secure=service.settings.https_only)
    # The busiest routes come first: they are looked at in this order.
    for prefix in (PERSONAL, OF_OWNER):
        for router in (
            tasks.router,
            task_lists.router,
            bulk.router,
            tags.router,
            documents.router,
            settings.router,
            audit.router,
        ):
            serve(app, router, prefix)
    for router in (
        users.router,
        organizations.router,
        auth.router,
        auth.public,
        administration.router,
        audit.administration,
    ):
        serve(app, router, PERSONAL)
    for router in (passwords.router, passwords.public):
        serve(app, router, PERSONAL)
    serve(app, operations.router, "")
    app.openapi = lambda: document(app)  # type: ignore[method-assign] # as FastAPI's documentation says
    serve_docs(app)
    handle_errors(app)
    if service.settings.origins:
        app.add_middleware(Cors, origins=service.settings.origins)
    app.add_middleware(Envelope, https_only=service.settings.https_only)
    return app


def _spare_the_collector() -> None:
    """Let the garbage collector leave alone what lives as long as the process, and come less often.

    A request makes hundreds of objects and no cycles to speak of: by default the collector took a tenth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def from_environment() -> FastAPI:
    """The service as the environment says; for ``uvicorn --factory``."""
    settings = read_settings()
    configure_logs(settings)
    if settings.in_production and not settings.mails:
        log = structlog.get_logger("taskward.http")
        log.warning("TASKWARD_MAIL_URL is unset: nobody who has forgotten their password can choose a new one")
    return create_app(build(settings))
