"""SQLite, called on the event loop: a statement takes microseconds, a trip to a thread hundreds.

What could block is kept off the loop. The writers of one process queue and begin IMMEDIATE, so that none of them
ever waits inside SQLite for another; against the writers of other processes ``BEGIN`` is tried again after a nap
on the loop. In write-ahead mode readers wait for nobody. Each open transaction has a connection of its own.
Statements that may look at many rows, such as a search, run in a thread after all.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Generic, TypeVar

from adapters.sql.connection import Entry, check_entry
from adapters.sql.sqlite_connection import SqliteConnection, is_busy, translated
from adapters.sql.turns import Turns
from domain.access import Access

T = TypeVar("T")

_IDLE_READERS: Final = 64
_THREADS: Final = 2
"""For slow statements: more of them at once would only take the processor from each other."""

_PRAGMAS: Final = ("busy_timeout = 20", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
_READER: Final = ("cache_size = -512",)
"""KiB: there are many readers, and each has a cache of its own."""

_WRITER: Final = ("busy_timeout = 0",)
"""Whoever finds the file taken naps on the event loop, not in SQLite."""


class SqliteDatabase:
    """One database file: a connection that writes, and others that read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._turns = Turns()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sqlite")

    def begin(self, *, read_only: bool) -> "_Transaction[SqliteConnection]":
        """Open a transaction. Writers come one after the other."""

        async def begun(connection: SqliteConnection) -> SqliteConnection:
            return connection

        return _Transaction(self, begun, read_only=read_only)

    def enter(self, entry: Entry, *, read_only: bool) -> "_Transaction[tuple[SqliteConnection, Access]]":
        """Open a transaction in somebody's name."""

        async def entered(connection: SqliteConnection) -> tuple[SqliteConnection, Access]:
            return connection, await check_entry(connection, entry)

        return _Transaction(self, entered, read_only=read_only)

    async def revision(self) -> str | None:
        """Which revision the schema is at."""
        async with self.begin(read_only=True) as connection:
            return connection.revision()

    async def faults(self) -> list[str]:
        """None: whoever can open the file can read it all, and nobody else."""
        return []

    async def open(self) -> None:
        """Nothing to do: connections are made as they are needed."""

    async def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        while self._readers:
            self._readers.pop().close()
        if self._writer is not None and not self._writer.in_transaction:
            self._writer.close()
            self._writer = None

    async def acquire(self, *, read_only: bool) -> sqlite3.Connection:
        """A connection on which a transaction has begun. Raises TooBusy, Unavailable."""
        if not read_only:
            return await self._turns.take(self._begin_writing)
        reader = self._readers.pop() if self._readers else self._connect(_READER)
        reader.execute("BEGIN")  # This takes nothing yet, so nobody can be in the way.
        return reader

    def release(self, raw: sqlite3.Connection, *, read_only: bool) -> None:
        """Take a connection back on which nothing is open any more."""
        if not read_only:
            self._turns.leave()
        elif len(self._readers) < _IDLE_READERS:
            self._readers.append(raw)
        else:
            raw.close()

    def wrap(self, raw: sqlite3.Connection, *, read_only: bool) -> SqliteConnection:
        """The transaction that has begun on a connection, as the adapters take it."""
        return SqliteConnection(raw, self._threads, read_only=read_only)

    def _begin_writing(self) -> sqlite3.Connection | None:
        """The connection that writes, unless another process is writing."""
        writer = self._writer = self._writer or self._connect(_WRITER)
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if is_busy(error):
                return None
            raise translated(error) from error
        return writer

    def _connect(self, pragmas: Sequence[str]) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                self._path,
                isolation_level=None,
                cached_statements=512,
                check_same_thread=False,  # One at a time: a slow statement runs in a thread while its task waits.
            )
            for pragma in (*_PRAGMAS, *pragmas):
                raw.execute(f"PRAGMA {pragma}")
            raw.create_function("lower", 1, _lower, deterministic=True)
            raw.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
        except sqlite3.OperationalError as error:
            raise translated(error) from error
        return raw


class _Transaction(Generic[T]):
    """A transaction on a connection of its own: committed on a clean exit, rolled back on any exception."""

    def __init__(
        self, database: SqliteDatabase, begin: Callable[[SqliteConnection], Awaitable[T]], *, read_only: bool
    ) -> None:
        self._database = database
        self._begin = begin
        self._read_only = read_only

    async def __aenter__(self) -> T:
        self._raw = await self._database.acquire(read_only=self._read_only)
        try:
            return await self._begin(self._database.wrap(self._raw, read_only=self._read_only))
        except BaseException:
            self._end()
            raise

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                _commit(self._raw)
        finally:
            self._end()

    def _end(self) -> None:
        try:
            if self._raw.in_transaction:
                self._raw.rollback()
        finally:
            self._database.release(self._raw, read_only=self._read_only)


def _lower(text: str | None) -> str | None:
    """SQLite's own knows the letters of ASCII only."""
    return None if text is None else text.lower()


def _commit(raw: sqlite3.Connection) -> None:
    try:
        raw.commit()
    except sqlite3.OperationalError as error:
        raise translated(error) from error
