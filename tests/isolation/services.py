"""Services to run the proof against, and the operator behind them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import httpx
from fastapi import FastAPI
from sqlalchemy import URL

from adapters.memory.application import application_in_memory
from adapters.memory.identity import MemoryOpenIdentity
from adapters.memory.long_work import MemoryLongWork
from adapters.memory.store import Contents, MemoryStore
from adapters.sql.identity import SqlOpenIdentity
from adapters.system.clock import SystemClock
from adapters.system.ids import Uuid7Generator
from application.facade import Application
from application.ports.identity import OpenIdentity
from application.ports.long_work import LongWork
from domain.ids import UserId
from domain.user import Email, Password
from entrypoints.container import build
from entrypoints.http.app import create_app
from entrypoints.proof.cast import NotPossible
from entrypoints.proof.deployment import Deployment, Person, new_person
from entrypoints.settings import Settings
from tests.support.targets import ExactTransport


@dataclass(frozen=True)
class Operator:
    """Does directly what no account can do."""

    deployment: Deployment
    application: Application
    open_identity: OpenIdentity

    async def administrator(self) -> Person:
        person = new_person()
        await self.application.create_admin(Email(person.email), Password(person.password), None)
        return await self.deployment.sign_in(person)

    async def deactivate(self, person: Person) -> None:
        await self._set_active(person, is_active=False)

    async def reactivate(self, person: Person) -> None:
        await self._set_active(person, is_active=True)

    async def _set_active(self, person: Person, *, is_active: bool) -> None:
        async with self.open_identity(None) as identity:
            user = await identity.users.get(UserId(UUID(person.id)))
            await identity.users.save(replace(user, is_active=is_active))


class NobodyBackstage:
    """An operator who is not there."""

    async def administrator(self) -> Person:
        raise NotPossible("nobody can name administrators")

    async def deactivate(self, _person: Person) -> None:
        raise NotPossible("nobody can deactivate")

    async def reactivate(self, _person: Person) -> None:
        raise NotPossible("nobody can reactivate")


@dataclass(frozen=True)
class Served:
    """A service that answers, and its operator."""

    app: FastAPI
    deployment: Deployment
    operator: Operator


def settings_for(url: URL) -> Settings:
    """Settings that owe nothing to the environment of whoever runs the tests."""
    text = url.render_as_string(hide_password=False)
    given: dict[str, Any] = {"environment": "test", "bcrypt_cost": 4, "database_url": text, "rate_limits": False}
    return Settings(_env_file=None, secret_keys=None, **given)  # type: ignore[call-arg]


@asynccontextmanager
async def on_database(url: URL) -> AsyncIterator[Served]:
    """The real service, put together by the container."""
    service = build(settings_for(url))
    async with service.running() as application:
        app = create_app(service)
        async with reached(app) as deployment:
            open_identity = SqlOpenIdentity(service._database, SystemClock())
            yield Served(app, deployment, Operator(deployment, application, open_identity))


@dataclass
class MemoryService:
    """The service on memory adapters, any part of which can be replaced."""

    store: MemoryStore = field(default_factory=MemoryStore)
    settings: Settings = field(default_factory=lambda: Settings(_env_file=None))  # type: ignore[call-arg]
    application: Application = field(init=False)
    turns_to_read: LongWork = field(default_factory=MemoryLongWork)

    def __post_init__(self) -> None:
        self.application = application_in_memory(SystemClock(), Uuid7Generator(), store=self.store)

    @property
    def contents(self) -> Contents:
        """Everything that is kept."""
        return self.store._contents

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Application]:
        yield self.application

    def app(self) -> FastAPI:
        return create_app(self)  # type: ignore[arg-type]

    @asynccontextmanager
    async def served(self) -> AsyncIterator[Served]:
        app = self.app()
        async with reached(app) as deployment:
            open_identity = MemoryOpenIdentity(self.store, SystemClock())
            yield Served(app, deployment, Operator(deployment, self.application, open_identity))


@asynccontextmanager
async def reached(app: FastAPI) -> AsyncIterator[Deployment]:
    """The application, reached in this process."""
    transport = ExactTransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://taskward.test") as http:
        yield Deployment(http)
