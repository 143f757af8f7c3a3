"""The schema's history: where a database stands, and bringing it up to date."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import asyncpg
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from adapters.sql import dsn
from adapters.sql.history import SCRIPTS, mismatch, revisions
from adapters.sql.url import is_sqlite
from alembic import command
from domain.errors import Unavailable

T = TypeVar("T")

_ONE_AT_A_TIME: Final = 4_206_942_001
"""The key of the advisory lock that keeps two migrations of one PostgreSQL database apart."""


async def current_revision(url: URL) -> str | None:
    """The revision that the database is at; None for an empty one. Raises Unavailable."""
    return await _on_connection(url, lambda c: MigrationContext.configure(c).get_current_revision())


async def upgrade(url: URL) -> None:
    """Bring the database to the newest revision. All or nothing. Raises Unavailable."""
    await move(url, "head")


async def move(url: URL, revision: str) -> str:
    """Bring the database to a revision, older or newer, 'head' or 'base'; return which it is. All or nothing.

    Raises Unavailable, LookupError for a revision that there is not, and NewerDatabase.
    """
    history = ["base", *revisions()]
    target = history[-1] if revision == "head" else revision
    if target not in history:
        raise LookupError(f"There is no revision {revision}: choose head or one of {', '.join(history)}.")
    await _on_connection(url, lambda connection: _move(connection, history, target))
    return target


class NewerDatabase(LookupError):
    """The database has been migrated by a later version. The message says so."""


def _move(connection: Connection, history: list[str], target: str) -> None:
    current = MigrationContext.configure(connection).get_current_revision() or "base"
    if current not in history:
        raise NewerDatabase(mismatch(current))
    older = history.index(target) < history.index(current)
    (command.downgrade if older else command.upgrade)(_config(connection), target)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def _on_connection(url: URL, work: Callable[[Connection], T]) -> T:
    """Do the work in one transaction, while nobody else migrates."""
    try:
        return _on_sqlite(url, work) if is_sqlite(url) else await _on_postgres(url, work)
    except (DBAPIError, OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise Unavailable from error


def _on_sqlite(url: URL, work: Callable[[Connection], T]) -> T:
    # The driver must not begin or commit by itself: then DDL, too, is rolled back when it fails.
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 5000")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return _commit(connection, work)


async def _on_postgres(url: URL, work: Callable[[Connection], T]) -> T:
    def locked(connection: Connection) -> T:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
        # Where the database is spread over machines: one after the other, so that tables can be changed together.
        connection.execute(text("SET LOCAL citus.multi_shard_modify_mode = 'sequential'"))
        return _commit(connection, work)

    def connect() -> Awaitable[Any]:
        connecting: Awaitable[Any] = asyncpg.connect(**dsn.arguments(url))
        return connecting

    # Behind pgbouncer no statement has a name, and so none can be kept for later.
    given = {"async_creator_fn": connect, "prepared_statement_cache_size": 0}
    engine = create_async_engine("postgresql+asyncpg://", connect_args=given, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(locked)


def _commit(connection: Connection, work: Callable[[Connection], T]) -> T:
    done = work(connection)
    connection.commit()
    return done
