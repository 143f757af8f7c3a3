"""What makes a database fit for many tests in a row: nothing in it, and no waiting for the disk."""

import sqlite3
from contextlib import closing, suppress
from typing import Final

import asyncpg
from sqlalchemy import URL, delete

from adapters.sql.tables import metadata
from adapters.sql.url import database_file, is_sqlite
from tests.walls.ground import connected, now

_EVERYTHING: Final = ";".join(str(delete(table)) for table in reversed(metadata.sorted_tables))


def empty(url: URL) -> None:
    """Leave nothing in any table, whatever guards it; on PostgreSQL as a superuser."""
    if is_sqlite(url):
        _empty_file(url)
    else:
        now(_empty_database(url))


def _empty_file(url: URL) -> None:
    with closing(sqlite3.connect(database_file(url), isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        drops = [f"DROP TRIGGER {name}" for name, _ in triggers]
        connection.executescript(";".join(["BEGIN", *drops, _EVERYTHING, *(sql for _, sql in triggers), "COMMIT"]))


async def _empty_database(url: URL) -> None:
    async with connected(url) as connection:
        await connection.execute(_EVERYTHING)


def hasten(url: URL) -> None:
    """Let commits return before they are on the disk. On SQLite they do anyway, and a role that may not leaves it."""
    if not is_sqlite(url):
        with suppress(asyncpg.InsufficientPrivilegeError):
            now(_hasten_database(url))


async def _hasten_database(url: URL) -> None:
    async with connected(url) as connection:
        await connection.execute(f'ALTER DATABASE "{url.database}" SET synchronous_commit = off')
