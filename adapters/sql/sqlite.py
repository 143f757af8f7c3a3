"""SQLite, called on the event loop: a statement takes microseconds, a trip to a thread hundreds.

What could block is kept off the loop. The writers of one process queue and begin IMMEDIATE, so that none of them
ever waits inside SQLite for another; against the writers of other processes ``BEGIN`` is tried again after a nap
on the loop. In write-ahead mode readers wait for nobody. Each that is open has a connection of its own.
Statements that may look at many rows, such as a search, run in a thread if they take more than a moment.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Generic, Protocol, TypeVar

from adapters.sql.connection import Connection, Entry, RolesSeen, check_entry
from adapters.sql.history import expected_revision
from adapters.sql.sqlite_batch import SqliteBatch
from adapters.sql.sqlite_connection import SqliteConnection
from adapters.sql.sqlite_draft import SqliteDraft
from adapters.sql.sqlite_errors import ERRORS, is_about_schema, is_busy, is_unavailable, refusal
from adapters.sql.sqlite_threads import SqliteThreads
from adapters.sql.sqlite_writer import SqliteWriter
from domain.access import Access, admit
from domain.errors import WrongStoreVersion
from domain.shares import SERVICE, ShareKey, share_of_actor

T = TypeVar("T")

_IDLE_READERS: Final = 64
_THREADS: Final = 2
"""For slow statements that read: more of them at once would only take the processor from each other."""

_PRAGMAS: Final = ("busy_timeout = 20", "journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")
_READER: Final = ("cache_size = -512",)
"""KiB: there are many readers, and each has a cache of its own."""

_WRITER: Final = ("busy_timeout = 0", "wal_autocheckpoint = 4000")
"""Whoever finds the file taken naps on the event loop, not in SQLite.

What is written ahead goes into the file when it is 16 MB. With SQLite's 4 a writer stops for that after some hundred
tasks, and the same pages go there again and again.
"""


class _Side(Protocol):
    """Reading, or writing."""

    async def begin(self, share: ShareKey) -> sqlite3.Connection:
        """A connection on which a transaction has begun, on the account of this share."""
        ...

    async def commit(self, connection: sqlite3.Connection) -> None:
        """Keep what it did, and take the connection back."""
        ...

    def roll_back(self, connection: sqlite3.Connection) -> None:
        """Undo what it did, and take the connection back."""
        ...


class SqliteDatabase:
    """One database file: a connection that writes, and others that read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers = _Readers(lambda: self._connect(_READER))
        self._writer = SqliteWriter(lambda: self._connect(_WRITER))
        self._batch = SqliteBatch(self._writer)
        self._looking: sqlite3.Connection | None = None
        """For looks at the file itself: the connection that writes has its turns."""
        self._roles = RolesSeen()
        self._threads = SqliteThreads(_THREADS)
        self._writing_thread = SqliteThreads(1)
        """Whoever has the file waits for nobody who reads."""

    def begin(self, *, read_only: bool, share: ShareKey = SERVICE) -> "_Transaction[SqliteConnection]":
        """Open a transaction. Writers come one after the other."""

        async def begun(connection: SqliteConnection) -> SqliteConnection:
            return connection

        return self._transaction(begun, share, read_only=read_only)

    def enter(
        self, entry: Entry, *, read_only: bool, recalls: bool = False
    ) -> AbstractAsyncContextManager[tuple[Connection, Access]]:
        """Open a transaction in somebody's name."""
        expected = self._roles.recall(entry) if recalls else None
        if expected is None:
            return self._enter(entry, read_only=read_only)
        access = admit(entry.actor, entry.space_id, expected)
        return SqliteDraft(entry, access, partial(self._enter, entry), partial(self._do, share_of_actor(entry.actor)))

    async def _do(self, share: ShareKey, work: Callable[[SqliteConnection], None]) -> None:
        def do(raw: sqlite3.Connection) -> None:
            work(SqliteConnection(raw, self._writing_thread, share, read_only=False))

        try:
            await self._batch.do(do, share)
        except Exception as error:
            await self.require_revision(error)
            raise

    async def require_revision(self, error: BaseException | None) -> None:
        """Raise WrongStoreVersion where that explains the error: the schema is at another revision than is needed."""
        if is_about_schema(error) and await self.revision() != expected_revision():
            raise WrongStoreVersion from error

    def _enter(self, entry: Entry, *, read_only: bool) -> "_Transaction[tuple[SqliteConnection, Access]]":
        async def entered(connection: SqliteConnection) -> tuple[SqliteConnection, Access]:
            access = await check_entry(connection, entry)
            self._roles.remember(access)
            return connection, access

        return self._transaction(entered, share_of_actor(entry.actor), read_only=read_only)

    def _transaction(
        self, begin: Callable[[SqliteConnection], Awaitable[T]], share: ShareKey, *, read_only: bool
    ) -> "_Transaction[T]":
        side: _Side = self._readers if read_only else self._writer
        threads = self._threads if read_only else self._writing_thread

        async def begun(raw: sqlite3.Connection) -> T:
            return await begin(SqliteConnection(raw, threads, share, read_only=read_only))

        return _Transaction(side, begun, share, self.require_revision)

    async def revision(self) -> str | None:
        """Which revision the schema is at; None where there is no file either."""
        if not self._path.exists():
            return None
        async with self.begin(read_only=True) as connection:
            return connection.revision()

    async def takes_writes(self) -> bool:
        """Whether anything can be written to the file."""
        try:
            self._looking = self._looking or self._connect(_WRITER)
            self._looking.execute("BEGIN IMMEDIATE")
            self._looking.rollback()
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            return is_busy(error)  # Then another process is writing.
        return True

    async def faults(self) -> list[str]:
        """None: whoever can open the file can read it all, and nobody else."""
        return []

    async def open(self) -> None:
        """Nothing to do: connections are made as they are needed."""

    async def close(self) -> None:
        """Close the connections that are idle."""
        self._readers.close()
        self._writer.close()
        if self._looking is not None:
            self._looking.close()
            self._looking = None

    def _connect(self, pragmas: Sequence[str]) -> sqlite3.Connection:
        try:
            raw = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=rw",  # A file that is not there is made by migrations alone.
                uri=True,
                isolation_level=None,
                cached_statements=512,
                check_same_thread=False,  # One at a time: a slow statement runs in a thread while its task waits.
            )
            for pragma in (*_PRAGMAS, *pragmas):
                raw.execute(f"PRAGMA {pragma}")
            raw.create_function("lower", 1, _lower, deterministic=True)
            raw.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            raise refusal(error) from error
        return raw


class _Readers:
    """Connections that read, as many as are needed at once."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._idle: list[sqlite3.Connection] = []

    async def begin(self, share: ShareKey) -> sqlite3.Connection:  # noqa: ARG002 - there are as many as are needed
        reader = self._idle.pop() if self._idle else self._connect()
        reader.execute("BEGIN")  # This takes nothing yet, so nobody can be in the way.
        return reader

    async def commit(self, connection: sqlite3.Connection) -> None:
        self.roll_back(connection)  # There is nothing to keep.

    def roll_back(self, connection: sqlite3.Connection) -> None:
        """Take the connection back, unless it cannot even be rolled back: then it is closed, which does that too."""
        with suppress(*ERRORS):
            connection.rollback()
        if len(self._idle) < _IDLE_READERS and not connection.in_transaction:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close those that are idle."""
        while self._idle:
            self._idle.pop().close()


class _Transaction(Generic[T]):
    """A transaction on a connection of its own: committed on a clean exit, rolled back on any exception."""

    def __init__(
        self,
        side: _Side,
        begun: Callable[[sqlite3.Connection], Awaitable[T]],
        share: ShareKey,
        explain: Callable[[BaseException | None], Awaitable[None]],
    ) -> None:
        self._side = side
        self._share = share
        self._begun = begun
        self._explain = explain
        """Raises a better error than the one that it is given, if there is one."""

    async def __aenter__(self) -> T:
        self._raw = await self._side.begin(self._share)
        try:
            return await self._begun(self._raw)
        except BaseException as error:
            self._side.roll_back(self._raw)
            await self._explain(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self._side.commit(self._raw)
        else:
            self._side.roll_back(self._raw)
            await self._explain(error)


def _lower(text: str | None) -> str | None:
    """SQLite's own knows the letters of ASCII only."""
    return None if text is None else text.lower()
