"""One open transaction on SQLite, and what its errors mean."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from adapters.sql.connection import ConstraintViolated, Refusing, are_alike
from adapters.sql.query import Compiled, Query, Row
from adapters.sql.sqlite_errors import ERRORS, constraint, is_unavailable, refusal
from adapters.sql.sqlite_threads import SqliteThreads
from application.pausing import in_parts
from application.ports.reading import OpenedForReading
from domain.errors import Unavailable
from domain.ids import EventId, SpaceId, UserId
from domain.shares import ShareKey

_NAP: Final = 0.01

_A_MOMENT: Final = 0.0015
"""Seconds that a slow statement may take before it is given to a thread, where it begins anew."""

_STEPS: Final = 200
"""How many steps of SQLite's virtual machine lie between two looks at the clock. Some take far longer than others."""


class SqliteConnection:
    """One open transaction on SQLite. What takes long runs in ``threads``, on the account of ``share``."""

    def __init__(self, raw: sqlite3.Connection, threads: SqliteThreads, share: ShareKey, *, read_only: bool) -> None:
        self._raw = raw
        self._threads = threads
        self._share = share
        self.read_only = read_only

    async def fetch_all(self, query: Query, **values: Any) -> list[Row]:
        """Every row that the statement finds."""
        compiled = query.on_sqlite
        arguments = compiled.arguments(values)

        def work() -> list[Row]:
            return self.run(compiled.sql, arguments).fetchall()

        if not query.is_slow:
            rows = work()
        elif query.changes or self._threads.are_awaited(self._share) or (found := self._in_a_moment(work)) is None:
            rows = await self._threads.run(self._share, partial(self._aside, work))
        else:
            rows = found
        return await in_parts(compiled.read, rows)

    def _in_a_moment(self, work: Callable[[], list[Row]]) -> list[Row] | None:
        """Do it here, if it does not take long; else None. Most do not, and a thread costs as much as they do.

        What has begun to change something cannot be given up in this way: SQLite would undo the whole transaction.
        """
        end = perf_counter() + _A_MOMENT
        self._raw.set_progress_handler(lambda: perf_counter() > end, _STEPS)
        try:
            return work()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
        finally:
            self._raw.set_progress_handler(None, 0)

    async def _aside(self, work: Callable[[], list[Row]], threads: Executor) -> list[Row]:
        """Do it in a thread. Whoever is interrupted interrupts it, and leaves the connection at rest."""
        job = threads.submit(work)
        working = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            if not job.cancel():
                await self._interrupt(working)
            raise

    async def _interrupt(self, working: "asyncio.Future[list[Row]]") -> None:
        """End what runs in a thread: again and again, since SQLite only listens within a statement."""
        while not working.done():
            self._raw.interrupt()
            with suppress(asyncio.CancelledError):  # Whoever asked for this is being cancelled already.
                await asyncio.wait([working], timeout=_NAP)
        working.exception()

    async def fetch_one(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds."""
        return self.first(query, **values)

    def first(self, query: Query, **values: Any) -> Row | None:
        """The first row that the statement finds, now."""
        compiled = query.on_sqlite
        row = self.run(compiled.sql, compiled.arguments(values)).fetchone()
        return None if row is None else compiled.read(row)

    async def execute(self, query: Query, **values: Any) -> int:
        """Run a statement and tell how many rows it changed."""
        if self.read_only:
            raise OpenedForReading
        return self._change(query.on_sqlite, values)

    async def execute_soon(self, query: Query, refused: Refusing, **values: Any) -> None:
        """Run a statement, now: there is no way to spare."""
        try:
            await self.execute(query, **values)
        except ConstraintViolated as violated:
            raise refused(violated) from violated

    async def expect(
        self, query: Query, rows: Sequence[Row], otherwise: Callable[[], Exception], **values: Any
    ) -> None:
        """Run a statement that reads, now."""
        if self.read_only:
            raise OpenedForReading
        if not are_alike(await self.fetch_all(query, **values), rows):
            raise otherwise()

    async def execute_many(
        self, query: Query, rows: Sequence[Mapping[str, Any]], *, with_each: Sequence[Query] = ()
    ) -> None:
        """Run statements once for each row of values."""
        if self.read_only:
            raise OpenedForReading
        for compiled in (one.on_sqlite for one in (query, *with_each)):
            await in_parts(partial(self._change, compiled), rows)

    def _change(self, compiled: Compiled, values: Mapping[str, Any]) -> int:
        """Run a statement, and tell how many rows it changed."""
        return self.run(compiled.sql, compiled.arguments(values)).rowcount

    async def execute_returning(self, query: Query, **values: Any) -> list[Row]:
        """Run a statement and tell of every row it changed what it returns."""
        if self.read_only:
            raise OpenedForReading
        return await self.fetch_all(query, **values)

    async def step_into(self, space_id: SpaceId) -> None:
        """Nothing to do: SQLite has no row-level security."""

    async def step_as(self, user_id: UserId) -> None:
        """Nothing to do here either."""

    async def hold(self, number: int) -> bool:  # noqa: ARG002 - whichever it is: writers come one after the other
        """Nothing to do: no other transaction writes at the same time."""
        return True

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

    def revision(self) -> str | None:
        """Which revision the schema is at; None where there is none yet."""
        if self.run("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'", []).fetchone() is None:
            return None
        row = self.run("SELECT version_num FROM alembic_version", []).fetchone()
        return None if row is None else str(row[0])

    def run(self, sql: str, arguments: Sequence[Any]) -> sqlite3.Cursor:
        """Run a statement, now. Raises ConstraintViolated, Unavailable."""
        if not self._raw.in_transaction:
            raise Unavailable  # SQLite itself has undone everything; what came now would be kept by itself.
        try:
            return self._raw.execute(sql, arguments)
        except sqlite3.IntegrityError as error:
            raise ConstraintViolated(constraint(error)) from error
        except ERRORS as error:
            if not is_unavailable(error):
                raise
            raise refusal(error) from error
