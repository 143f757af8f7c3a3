"""Writing to a SQLite file: one transaction after the other, on one connection.

A transaction changes whole pages of the file, and the next one the same pages again. So those that wait for each other
share a commit, which writes each page once: each is a savepoint then, kept or undone by itself, and done when the
commit is. Before that nobody sees anything of it, and who asked for it is not answered.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from adapters.sql.sqlite_errors import ERRORS, is_busy, is_unavailable, refusal, translated
from adapters.sql.turns import Turns, now
from adapters.system.admission import Waiter, WaitingLine
from domain.errors import Unavailable
from domain.shares import ShareKey

_LONGEST_WAIT: Final = 0.005
"""Seconds after which nobody joins any more those who wait for their commit."""

_LONGEST_QUEUE: Final = 1024

_MANY_CHANGES: Final = 400
"""Rows. A transaction that changed more is committed in a thread: it writes megabytes, and may wait for the disk."""

_BEGIN_MINE: Final = "SAVEPOINT mine"
_KEEP_MINE: Final = "RELEASE mine"
_UNDO_MINE: Final = "ROLLBACK TO mine"
_COMMIT: Final = "COMMIT"

_Outcome = asyncio.Future[Exception | None]


class SqliteWriter:
    """The connection that writes, and whoever waits for it. It is made when it is first needed."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._turns = Turns()
        self._is_taken = False
        self._waiting = WaitingLine[Waiter](room=_LONGEST_QUEUE)
        self._began = 0.0
        self._changes_before = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")
        self._committing: asyncio.Task[Exception | None] | None = None
        self._shared: _Outcome | None = None
        """What comes of those whose transactions are over and not yet committed; whoever comes now joins them."""

    async def begin(self, share: ShareKey, *, expires: bool = True) -> sqlite3.Connection:
        """Wait for one's turn, and begin: shares take turns.

        Raises TooBusy for what ``expires`` and waits in this process for two seconds, or for long for another process;
        Unavailable.
        """
        await self._take(share, expires=expires)
        if self._connection is not None and self._shared is not None:
            return self._join(self._connection)
        try:
            await asyncio.sleep(0)  # Whoever is about to come can share the commit then.
            connection = await self._turns.take(self._try)
        except BaseException:
            self._pass_on()
            raise
        self._began, self._changes_before = now(), connection.total_changes
        return connection

    def _join(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """Begin behind those who are done. Where that fails, nothing of theirs is kept."""
        error = tried(connection, _BEGIN_MINE)
        if error is not None:
            self._settle(connection, error)
            raise error
        return connection

    async def commit(self, connection: sqlite3.Connection) -> None:
        """Commit, with whoever is waiting for that and whoever comes soon. Raises Unavailable: then nothing is done."""
        error = tried(connection, _KEEP_MINE) if self._shared is not None else None
        if error is None and connection.total_changes - self._changes_before > _MANY_CHANGES:
            self._committing = asyncio.create_task(self._settle_aside(connection))
            error = await asyncio.shield(self._committing)
        elif error is None and connection.in_transaction and self._others_may_join():
            self._shared = self._shared or asyncio.get_running_loop().create_future()
            shared = self._shared
            self._pass_on()
            error = await asyncio.shield(shared)
        else:
            error = self._settle(connection, error)
        if error is not None:
            raise another(error)

    def roll_back(self, connection: sqlite3.Connection) -> None:
        """Undo one's own transaction, and no other one. Whatever others have done is committed."""
        if self._shared is None:
            self._undo(connection)
            self._finish(None)
        else:
            self._settle(connection, tried(connection, _UNDO_MINE))

    def close(self) -> None:
        """Let go of the connection, unless somebody is writing."""
        if self._connection is not None and not self._connection.in_transaction:
            self._connection.close()
            self._connection = None

    async def _take(self, share: ShareKey, *, expires: bool) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        waiter = Waiter()
        self._waiting.enter(waiter, share, expires=expires)
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            self._waiting.remove(waiter)
            if waiter.is_admitted:  # Its turn had come already.
                self._pass_on()
            raise

    def _try(self) -> sqlite3.Connection | None:
        """Begin, unless another process is writing."""
        connection = self._connection = self._connection or self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except ERRORS as error:
            if is_busy(error):
                return None
            if not is_unavailable(error):
                raise
            raise refusal(error) from error
        return connection

    def _others_may_join(self) -> bool:
        return len(self._waiting) > 0 and now() - self._began < _LONGEST_WAIT

    def _settle(self, connection: sqlite3.Connection, error: Exception | None = None) -> Exception | None:
        """Commit all that is done, or undo it all if something has gone wrong. What that was."""
        return self._ended(connection, error or tried(connection, _COMMIT))

    async def _settle_aside(self, connection: sqlite3.Connection) -> Exception | None:
        """Commit all that is done in a thread: those who read go on meanwhile, and those who write wait."""
        loop = asyncio.get_running_loop()
        return self._ended(connection, await loop.run_in_executor(self._thread, tried, connection, _COMMIT))

    def _ended(self, connection: sqlite3.Connection, error: Exception | None) -> Exception | None:
        """End the turn after a commit. One that failed is undone."""
        if error is not None:
            self._undo(connection)
        self._finish(error)
        return error

    def _undo(self, connection: sqlite3.Connection) -> None:
        """Undo everything. A connection on which that fails is thrown away, which undoes it too."""
        try:
            connection.rollback()
        except ERRORS:
            self._connection = None
            connection.close()

    def _finish(self, error: Exception | None) -> None:
        """Tell those who wait what has come of it, and end the turn."""
        shared, self._shared = self._shared, None
        if shared is not None:
            shared.set_result(error)
        self._turns.leave()
        self._pass_on()

    def _pass_on(self) -> None:
        """Let the next one begin. Where nobody waits any more, what is done is committed."""
        while (following := self._waiting.next()) is not None:
            _, waiter = following
            if not waiter.admitted.done():
                waiter.admitted.set_result(None)
                return
        self._is_taken = False
        if self._connection is not None and self._shared is not None:
            self._settle(self._connection)


def another(error: Exception) -> Exception:
    """The same for somebody else: an exception holds on to the request that raised it."""
    copy = type(error)(*error.args)
    copy.__cause__ = error.__cause__ or error
    return copy


def tried(connection: sqlite3.Connection, statement: str) -> Exception | None:
    """Run a statement that is about a transaction. What went wrong, if something did."""
    if not connection.in_transaction:
        return Unavailable()  # SQLite itself has undone it, as it does where there is no space left.
    try:
        connection.execute(statement)
    except ERRORS as error:
        return translated(error)
    return None
