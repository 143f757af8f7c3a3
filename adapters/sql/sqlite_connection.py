"""One open transaction on SQLite, and what its errors mean."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from adapters.sql.connection import ConstraintViolated, Refusing
from adapters.sql.query import Query, Row
from application.ports.reading import OpenedForReading
from domain.errors import Unavailable
from domain.ids import SpaceId

_OUT_OF_ORDER: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    },
)
_PRIMARY_CODE: Final = 0xFF


class SqliteConnection:
    """One open transaction on SQLite."""

    def __init__(self, raw: sqlite3.Connection, *, read_only: bool) -> None:
        self._raw = raw
        self.read_only = read_only

    async def fetch_all(self, query: Query, **values: Any) -> list[Row]:
        """Every row that the statement finds."""
        compiled = query.on_sqlite
        arguments = compiled.arguments(values)
        if query.is_slow:
            rows = await self._aside(lambda: self._run(compiled.sql, arguments).fetchall())
        else:
            rows = self._run(compiled.sql, arguments).fetchall()
        return [compiled.read(row) for row in rows]

    async def _aside(self, work: Callable[[], list[Row]]) -> list[Row]:
        """Do it in a thread. Whoever is interrupted interrupts it, and leaves the connection at rest."""
        working = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            self._raw.interrupt()
            await asyncio.gather(working, return_exceptions=True)
            raise

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds."""
        compiled = query.on_sqlite
        row = self._run(compiled.sql, compiled.arguments(values)).fetchone()
        return None if row is None else compiled.read(row)

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement and tell how many rows it changed."""
        if self.read_only:
            raise OpenedForReading
        compiled = query.on_sqlite
        return self._run(compiled.sql, compiled.arguments(values)).rowcount

    async def execute_soon(self, query: Query, refused: Refusing, **values: Any) -> None:
        """Run a statement, now: there is no way to spare."""
        try:
            await self.execute(query, **values)
        except ConstraintViolated as violated:
            raise refused(violated) from violated

    async def execute_many(self, query: Query, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once for each row of values."""
        if self.read_only:
            raise OpenedForReading
        compiled = query.on_sqlite
        for values in rows:
            self._run(compiled.sql, compiled.arguments(values))

    async def execute_returning(self, query: Query, **values: Any) -> list[Row]:
        """Run a statement and tell of every row it changed what it returns."""
        if self.read_only:
            raise OpenedForReading
        return await self.fetch_all(query, **values)

    async def step_into(self, space_id: SpaceId) -> None:
        """Nothing to do: SQLite has no row-level security."""

    async def hold(self, number: int) -> bool:  # noqa: ARG002 - whichever it is: writers come one after the other
        """Nothing to do: no other transaction writes at the same time."""
        return True

    async def show_accounts_log(self) -> None:
        """Nothing to do here either."""

    async def show_expired_replies(self, by: datetime) -> None:
        """Nothing: there is no row-level security."""

    def revision(self) -> str | None:
        """Which revision the schema is at; None where there is none yet."""
        if self._run("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'", []).fetchone() is None:
            return None
        row = self._run("SELECT version_num FROM alembic_version", []).fetchone()
        return None if row is None else str(row[0])

    def _run(self, sql: str, arguments: list[Any]) -> sqlite3.Cursor:
        try:
            return self._raw.execute(sql, arguments)
        except sqlite3.IntegrityError as error:
            raise ConstraintViolated(_constraint(error)) from error
        except sqlite3.OperationalError as error:
            raise translated(error) from error


def is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process has what was wanted."""
    return error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY


def translated(error: sqlite3.OperationalError) -> Exception:
    """Unavailable where SQLite or the disk is out of order; a mistake of ours stays what it is."""
    return Unavailable() if error.sqlite_errorcode & _PRIMARY_CODE in _OUT_OF_ORDER else error


def _constraint(error: sqlite3.IntegrityError) -> str:
    """The name of the constraint, put together by the naming convention of the tables.

    SQLite's error object carries no name. Its message holds the table's and the columns' names and nothing that
    a user wrote.
    """
    if error.sqlite_errorcode != sqlite3.SQLITE_CONSTRAINT_UNIQUE:
        return error.sqlite_errorname
    columns = str(error).removeprefix("UNIQUE constraint failed: ").split(", ")
    table = columns[0].partition(".")[0]
    return "_".join([table, *(column.partition(".")[2] for column in columns), "key"])
