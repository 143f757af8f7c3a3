"""Transactions on SQLite that begin when they are over.

While one process writes, all others wait. So whoever goes by what was last seen of a space first notes what is to be
done there, and takes the file when that is all: then the entry is checked, what was expected is looked at, and what
was noted is done. Whoever needs an answer from the database on the way has it begin there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol
from uuid import UUID

from adapters.sql.connection import WHO_ENTERS, ConstraintViolated, Entry, Refusing, admitted, are_alike, asked_of
from adapters.sql.query import Compiled, Query, Row
from adapters.sql.sqlite_connection import SqliteConnection
from application.ports.spaces import RecallFailed
from domain.access import Access
from domain.ids import EventId, SpaceId, UserId


class _Note(Protocol):
    """Something that is to be done."""

    def do(self, connection: SqliteConnection) -> None:
        """Do it now."""
        ...


@dataclass(frozen=True, slots=True)
class _Change:
    """A statement that changes something, once for each row of arguments."""

    sql: str
    rows: Sequence[Sequence[Any]]
    refused: Refusing | None = None

    def do(self, connection: SqliteConnection) -> None:
        try:
            for arguments in self.rows:
                connection.run(self.sql, arguments)
        except ConstraintViolated as violated:
            if self.refused is None:
                raise
            raise self.refused(violated) from violated


@dataclass(frozen=True, slots=True)
class _Expectation:
    """A statement that reads, and what it has to find."""

    compiled: Compiled
    arguments: Sequence[Any]
    rows: Sequence[Row]
    otherwise: Callable[[], Exception]

    def do(self, connection: SqliteConnection) -> None:
        found = connection.run(self.compiled.sql, self.arguments).fetchall()
        if not are_alike([self.compiled.read(row) for row in found], self.rows):
            raise self.otherwise()


class Enter(Protocol):
    """Opens a transaction in the name of somebody who is known, and tells what they may do."""

    def __call__(self, *, read_only: bool) -> AbstractAsyncContextManager[tuple[SqliteConnection, Access]]: ...


Do = Callable[[Callable[[SqliteConnection], None]], Awaitable[None]]
"""Does a piece of work in a transaction of its own, which may come a little later."""


class SqliteDraft:
    """A transaction that has perhaps not begun, of somebody who is taken for what they were until it begins.

    Committed on a clean exit, rolled back on any exception. Where it has not begun by then, since something was
    refused before, somebody is looked at nevertheless: whether they are still there goes before what they may do.
    """

    read_only = False

    def __init__(self, entry: Entry, expected: Access, enter: Enter, do: Do) -> None:
        self._entry = entry
        self._expected = expected
        self._enter = enter
        self._do = do
        self._entered: AbstractAsyncContextManager[tuple[SqliteConnection, Access]] | None = None
        self._begun: SqliteConnection | None = None
        self._notes: list[_Note] = []

    async def __aenter__(self) -> tuple["SqliteDraft", Access]:
        return self, self._expected

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._entered is not None:
                await self._entered.__aexit__(kind, error, trace)
            elif kind is None:
                await self._do(self._perform)
            elif issubclass(kind, Exception):
                async with self._enter(read_only=True) as (_, access):
                    self._check(access)
        finally:
            self._notes.clear()  # They lead back here: a ring for the garbage collector.

    def _perform(self, connection: SqliteConnection) -> None:
        """See who it is, and do what was noted."""
        self._check(admitted(self._entry, connection.first(WHO_ENTERS, **asked_of(self._entry))))
        self._do_notes(connection)

    async def _begin(self) -> SqliteConnection:
        """Begin, unless it has begun, and do what was noted. Where that fails, nothing has begun."""
        if self._begun is None:
            entering = self._enter(read_only=False)
            connection, access = await entering.__aenter__()
            try:
                self._check(access)
                self._do_notes(connection)
            except BaseException as failure:
                await entering.__aexit__(type(failure), failure, failure.__traceback__)
                raise
            self._entered, self._begun = entering, connection
        return self._begun

    def _do_notes(self, connection: SqliteConnection) -> None:
        for note in self._notes:
            note.do(connection)

    def _check(self, access: Access) -> None:
        if access != self._expected:
            raise RecallFailed

    async def execute_soon(self, query: Query, refused: Refusing, **values: Any) -> None:
        """Run a statement, or note it."""
        if self._begun is not None:
            await self._begun.execute_soon(query, refused, **values)
        else:
            compiled = query.on_sqlite
            self._notes.append(_Change(compiled.sql, [compiled.arguments(values)], refused))

    async def expect(
        self, query: Query, rows: Sequence[Row], otherwise: Callable[[], Exception], **values: Any
    ) -> None:
        """Run a statement that reads, or note it with what it has to find."""
        if self._begun is not None:
            await self._begun.expect(query, rows, otherwise, **values)
        else:
            compiled = query.on_sqlite
            self._notes.append(_Expectation(compiled, compiled.arguments(values), rows, otherwise))

    async def execute_many(
        self, query: Query, rows: Sequence[Mapping[str, Any]], *, with_each: Sequence[Query] = ()
    ) -> None:
        """Run statements once for each row of values, or note them."""
        if self._begun is not None:
            await self._begun.execute_many(query, rows, with_each=with_each)
        else:
            for compiled in (one.on_sqlite for one in (query, *with_each)):
                self._notes.append(_Change(compiled.sql, [compiled.arguments(values) for values in rows]))

    async def fetch_all(self, query: Query, **values: Any) -> list[Row]:
        """Every row that the statement finds."""
        return await (await self._begin()).fetch_all(query, **values)

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds."""
        return await (await self._begin()).fetch_one(query, **values)

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement and tell how many rows it changed."""
        return await (await self._begin()).execute(query, **values)

    async def execute_returning(self, query: Query, **values: Any) -> list[Row]:
        """Run a statement and tell of every row it changed what it returns."""
        return await (await self._begin()).execute_returning(query, **values)

    async def step_into(self, space_id: SpaceId) -> None:
        """Nothing to do: SQLite has no row-level security."""

    async def step_as(self, user_id: UserId) -> None:
        """Nothing to do here either."""

    async def hold(self, number: int) -> bool:
        """Hold a number until the transaction ends."""
        return await (await self._begin()).hold(number)

    async def show_accounts_log(self) -> None:
        """Nothing to do here either."""

    async def show_spaces(self, behind: UUID) -> None:
        """Nothing: there is no row-level security."""

    async def show_removals(self, behind: UUID) -> None:
        """Nothing: there is no row-level security."""

    async def show_expired_replies(self, by: datetime) -> None:
        """Nothing: there is no row-level security."""

    async def show_unsealed(self, before: EventId) -> None:
        """Nothing: there is no row-level security."""
