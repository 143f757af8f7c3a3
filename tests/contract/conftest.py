"""Every exam is sat by every store."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, make_url

from tests.support.people import People
from tests.support.stores import Store, in_database, in_memory


@pytest.fixture(scope="session")
async def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Store]:
    file = tmp_path_factory.mktemp("sqlite") / "taskward.db"
    async with in_database(make_url(f"sqlite:///{file}")) as store:
        yield store


@pytest.fixture(scope="session")
async def postgres_store(postgres_url: URL) -> AsyncIterator[Store]:
    async with in_database(postgres_url) as store:
        yield store


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return in_memory()
    found: Store = request.getfixturevalue(f"{request.param}_store")
    return found


@pytest.fixture
def people(store: Store) -> People:
    return People(store)
