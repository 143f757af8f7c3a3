"""The databases whose plans are read."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import URL

from adapters.sql import migrations
from adapters.sql.sqlite import SqliteDatabase
from tests.conftest import sqlite_url
from tests.plans.crowd import crowd
from tests.walls.ground import Ground, ground


@pytest.fixture(scope="session")
async def crowded(postgres_server: URL) -> AsyncIterator[Ground]:
    """A PostgreSQL with thousands of rows in every table, and its statistics."""
    async with ground(postgres_server) as found:
        await crowd(found)
        yield found


@pytest.fixture(scope="session")
async def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file. It may be empty: SQLite plans without statistics, as nothing makes any."""
    path = tmp_path_factory.mktemp("plans") / "taskward.db"
    await migrations.upgrade(sqlite_url(path))
    return path


@pytest.fixture(scope="session")
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """The file, opened as the service does."""
    with closing(SqliteDatabase(file)._connect(())) as connection:
        yield connection
