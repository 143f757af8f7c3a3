"""SQLite, called on the event loop: a statement takes microseconds, a trip to a thread hundreds.

What could block is kept off the loop. The writers of one process queue on a lock and begin IMMEDIATE, so that
none of them ever waits inside SQLite for another; against the writers of other processes ``BEGIN`` is tried
again after a nap on the loop. In write-ahead mode readers wait for nobody. Each open transaction has a
connection of its own. Statements that may look at many rows, such as a search, run in a thread after all.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adapters.sql.connection import ConstraintViolated, Entry, Refusing, check_entry
from adapters.sql.query import Query, Row
from application.ports.reading import OpenedForReading
from domain.access import Access
from domain.errors import TooBusy, Unavailable
from domain.ids import SpaceId

_PATIENCE: Final = 5.0
_NAP: Final = 0.002
_IDLE_CONNECTIONS: Final = 64
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 20",
)
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
            raise _translated(error) from error


class SqliteDatabase:
    """One database file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._writing = asyncio.Lock()

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[SqliteConnection]:
        """Open a transaction. Writers come one after the other."""
        if read_only:
            async with self._transaction(read_only=True) as connection:
                yield connection
        else:
            async with self._writing, self._transaction(read_only=False) as connection:
                yield connection

    @asynccontextmanager
    async def enter(self, entry: Entry, *, read_only: bool) -> AsyncIterator[tuple[SqliteConnection, Access]]:
        """Open a transaction in somebody's name."""
        async with self.begin(read_only=read_only) as connection:
            yield connection, await check_entry(connection, entry)

    async def revision(self) -> str | None:
        """Which revision the schema is at."""
        async with self._transaction(read_only=True) as connection:
            return connection.revision()

    async def faults(self) -> list[str]:
        """None: whoever can open the file can read it all, and nobody else."""
        return []

    async def open(self) -> None:
        """Nothing to do: connections are made as they are needed."""

    async def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        while self._idle:
            self._idle.pop().close()

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncIterator[SqliteConnection]:
        with self._checked_out() as raw:
            await _begin(raw, "BEGIN" if read_only else "BEGIN IMMEDIATE")
            try:
                yield SqliteConnection(raw, read_only=read_only)
                _commit(raw)
            finally:
                if raw.in_transaction:
                    raw.rollback()

    @contextmanager
    def _checked_out(self) -> Iterator[sqlite3.Connection]:
        raw = self._idle.pop() if self._idle else self._connect()
        try:
            yield raw
        finally:
            if len(self._idle) < _IDLE_CONNECTIONS:
                self._idle.append(raw)
            else:
                raw.close()

    def _connect(self) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                self._path,
                isolation_level=None,
                cached_statements=512,
                check_same_thread=False,  # One at a time: a slow statement runs in a thread while its task waits.
            )
            for pragma in _PRAGMAS:
                raw.execute(pragma)
            raw.create_function("lower", 1, _lower, deterministic=True)
            raw.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
        except sqlite3.OperationalError as error:
            raise _translated(error) from error
        return raw


def _lower(text: str | None) -> str | None:
    """SQLite's own knows the letters of ASCII only."""
    return None if text is None else text.lower()


async def _begin(raw: sqlite3.Connection, statement: str) -> None:
    """Begin, napping on the event loop while another process is writing."""
    naps = int(_PATIENCE / _NAP)
    while True:
        try:
            raw.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                raise _translated(error) from error
            if not naps:
                raise TooBusy from error
        else:
            return
        naps -= 1
        await asyncio.sleep(_NAP)


def _commit(raw: sqlite3.Connection) -> None:
    try:
        raw.commit()
    except sqlite3.OperationalError as error:
        raise _translated(error) from error


def _translated(error: sqlite3.OperationalError) -> Exception:
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
