"""The databases that the suites run on."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from tests.support import postgres


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    with postgres.server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
async def postgres_url(postgres_server: URL) -> AsyncIterator[URL]:
    """An empty PostgreSQL database, one for the whole run."""
    async with _database(postgres_server) as url:
        yield url


@pytest.fixture
async def fresh_postgres_url(postgres_server: URL) -> AsyncIterator[URL]:
    """An empty PostgreSQL database for one test."""
    async with _database(postgres_server) as url:
        yield url


@pytest.fixture
def fresh_sqlite_url(tmp_path: Path) -> URL:
    """A SQLite database for one test."""
    return sqlite_url(tmp_path / "taskward.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest) -> URL:
    """An empty database for one test, once of each kind."""
    url: URL = request.getfixturevalue(f"fresh_{request.param}_url".replace("postgresql", "postgres"))
    return url


def sqlite_url(file: Path) -> URL:
    return make_url(f"sqlite:///{file}")


@asynccontextmanager
async def _database(server: URL) -> AsyncIterator[URL]:
    url = await postgres.new_database(server)
    try:
        yield url
    finally:
        await postgres.drop_database(url, server)
