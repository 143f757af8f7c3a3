"""Admission whose clock is moved by the tests, and databases with their tables."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import URL, make_url

from adapters.sql import migrations
from adapters.system import admission
from tests.support.people import People
from tests.support.stores import Store, in_database

Settle = Callable[[], "asyncio.Future[None]"]


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that waits is refused after some 70 to 80 milliseconds."""
    monkeypatch.setattr(admission, "TICK", 0.01)


@pytest.fixture(scope="session")
async def migrated_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A SQLite file with its tables, shared by all tests."""
    url = make_url(f"sqlite:///{tmp_path_factory.mktemp('fairness') / 'taskward.db'}")
    await migrations.upgrade(url)
    return url


@pytest.fixture(scope="session")
async def sqlite_store(migrated_sqlite_url: URL) -> AsyncIterator[Store]:
    async with in_database("sqlite", migrated_sqlite_url) as store:
        yield store


@pytest.fixture(scope="session")
async def postgres_store(service_url: URL) -> AsyncIterator[Store]:
    async with in_database("postgres_as_service", service_url) as store:
        yield store


@pytest.fixture
def postgres_people(postgres_store: Store) -> People:
    return People(postgres_store)


@pytest.fixture
def sqlite_people(sqlite_store: Store) -> People:
    return People(sqlite_store)
