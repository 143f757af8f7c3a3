"""The real application, in this process."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from sqlalchemy import URL
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from adapters.sql.identity import SqlOpenIdentity
from adapters.system.clock import SystemClock
from application.ports.clock import Clock
from application.ports.identity import OpenIdentity
from application.ports.mail import Mailer
from entrypoints.container import Service, build
from entrypoints.http.app import create_app
from entrypoints.settings import Environment, Settings
from tests.http.document import Document
from tests.support.targets import ExactTransport

_NO_COOKIES = DefaultCookiePolicy(allowed_domains=[])

KEYS = "k1:Fq3zW8hYt5nRc1xLp0vBs7dKm2gJe9uA"
ORIGIN = "http://taskward.test"


def settings_for(url: URL, **others: Any) -> Settings:
    """Settings that owe nothing to the environment of whoever runs the tests."""
    given: dict[str, Any] = {"secret_keys": KEYS, "bcrypt_cost": 4, "environment": Environment.TEST, "_env_file": None}
    given["rate_limits"] = False  # hardly any suite is about them
    return Settings(**given | {"database_url": url.render_as_string(hide_password=False)} | others)


@contextmanager
def quiet_log() -> Iterator[None]:
    """Thousands of requests are served; only what went wrong is worth a line."""
    before = structlog.get_config()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
    )
    yield
    structlog.configure(**before)


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Clock | None = None, mailer: Mailer | None = None
) -> AsyncIterator[Service]:
    """The service, on a database that has been migrated."""
    service = build(settings, clock=clock, mailer=mailer)
    async with service.running():
        yield service


@asynccontextmanager
async def client(
    app: FastAPI, *, origin: str = ORIGIN, address: str = "127.0.0.1", proxies: str = ""
) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever sends requests to the application. Every answer is held against the OpenAPI document."""
    document = Document(app.openapi())
    served: Any = app
    if proxies:
        served = ProxyHeadersMiddleware(served, proxies)  # as uvicorn does

    async def check(response: httpx.Response) -> None:
        await response.aread()
        document.check(response)

    transport = ExactTransport(served, raise_app_exceptions=True, client=(address, 50_000))
    async with httpx.AsyncClient(
        transport=transport,
        base_url=origin,
        event_hooks={"response": [check]},
        cookies=CookieJar(_NO_COOKIES),  # Many people share this client; a browser keeps its own.
    ) as http:
        yield http


@asynccontextmanager
async def serving(
    settings: Settings, *, origin: str = ORIGIN, clock: Clock | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A service of its own for one test, and a client for it."""
    async with running(settings, clock=clock) as service, client(create_app(service), origin=origin) as http:
        yield http


def identity_of(service: Service) -> OpenIdentity:
    """The door to accounts and sessions, for what no route does yet."""
    return SqlOpenIdentity(service._database, SystemClock())
