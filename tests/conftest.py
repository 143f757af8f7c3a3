"""The databases that the suites run on."""

import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from adapters.sql import migrations, roles
from tests.support import postgres, redis
from tests.support.redis import RedisProcess


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    # Not in pytest's own folder, which only this user may enter: as root the server runs as another one.
    with tempfile.TemporaryDirectory(prefix="taskward-postgres-") as folder, postgres.server(Path(folder)) as url:
        yield url


@pytest.fixture(scope="session")
async def postgres_url(postgres_server: URL) -> AsyncIterator[URL]:
    """An empty PostgreSQL database, one for the whole run."""
    async with _database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
async def migrated_postgres_url(postgres_url: URL) -> URL:
    """The same database with its tables, as its owner, a superuser whom row-level security does not hold."""
    await migrations.upgrade(postgres_url)
    return postgres_url


@pytest.fixture(scope="session")
async def service_url(migrated_postgres_url: URL, postgres_server: URL) -> AsyncIterator[URL]:
    """The same database, as the service's own role."""
    url = migrated_postgres_url.set(username=f"service_{uuid.uuid4().hex}", password="a 'password'")
    await roles.create_role(migrated_postgres_url, url)
    yield url
    await postgres.execute(migrated_postgres_url, f'DROP OWNED BY "{url.username}"')
    await postgres.execute(postgres_server, f'DROP ROLE "{url.username}"')


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


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A Redis server, one for the whole run."""
    with redis.server(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisProcess]:
    """A Redis server for one test, which may stop it."""
    with redis.server(tmp_path) as started:
        yield started
