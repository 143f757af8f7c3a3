"""Every exam is sat by every store."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, make_url

from adapters.sql import migrations
from tests.support.people import People
from tests.support.stores import Store, in_database, in_memory


@pytest.fixture(scope="session")
async def sqlite(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    url = make_url(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'taskward.db'}")
    await migrations.upgrade(url)
    async with in_database("sqlite", url) as store:
        yield store


@pytest.fixture(scope="session")
async def postgres_as_service(service_url: URL) -> AsyncIterator[Store]:
    async with in_database("postgres_as_service", service_url) as store:
        yield store


@pytest.fixture(scope="session")
async def postgres_bypassing(migrated_postgres_url: URL) -> AsyncIterator[Store]:
    async with in_database("postgres_bypassing", migrated_postgres_url) as store:
        yield store


@pytest.fixture(params=["memory", "sqlite", "postgres_as_service", "postgres_bypassing"])
def store(request: pytest.FixtureRequest) -> Store:
    """Memory, SQLite, and PostgreSQL twice: under row-level security, and with the WHERE as the only wall."""
    if request.param == "memory":
        return in_memory()
    found: Store = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def people(store: Store) -> People:
    return People(store)
