"""Work on a SQLite file that needs no answer on the way: all that waits is done in one turn, one after the other.

Each piece is a savepoint, kept or undone by itself, and they share a commit: a turn is as short as it can be, and each
page of the file is written once. Whoever asked for a piece is answered when it is committed.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from adapters.sql.sqlite_writer import SqliteWriter, another, tried
from adapters.sql.turns import now
from adapters.system.admission import Waiter, WaitingLine
from domain.shares import ShareKey

_LONGEST_TURN: Final = 0.005
"""Seconds after which no other piece is begun: nothing else goes on in the process meanwhile."""

_LONGEST_QUEUE: Final = 1024

_BATCH: Final[ShareKey] = "the batch"
"""All that waits here takes one turn among those who write."""

_BEGIN_PIECE: Final = "SAVEPOINT piece"
_KEEP_PIECE: Final = "RELEASE piece"
_UNDO_PIECE: Final = "ROLLBACK TO piece"

Work = Callable[[sqlite3.Connection], None]


@dataclass(eq=False, slots=True, kw_only=True)
class _Piece(Waiter):
    """A piece of work, and who waits for it to be committed."""

    work: Work

    def tell(self, error: Exception | None) -> None:
        """Say what has come of it."""
        if self.admitted.done():
            return
        if error is None:
            self.admitted.set_result(None)
        else:
            self.admitted.set_exception(error)


class SqliteBatch:
    """What waits to be done, and a task that does it as long as there is some."""

    def __init__(self, writer: SqliteWriter) -> None:
        self._writer = writer
        self._waiting = WaitingLine[_Piece](room=_LONGEST_QUEUE)
        self._doing: asyncio.Task[None] | None = None

    async def do(self, work: Work, share: ShareKey) -> None:
        """Do a piece of work, and return when it is committed. Raises what it raises, TooBusy, Unavailable.

        Shares take turns. What raises is undone; so is everything whose commit fails. Whoever is cancelled before it
        begins has it not done at all, and so has whoever could not begin within two seconds.
        """
        piece = _Piece(work=work)
        self._waiting.enter(piece, share)
        if self._doing is None or self._doing.done():
            self._doing = asyncio.create_task(self._do_all())
        await piece.admitted

    async def _do_all(self) -> None:
        while self._waiting:
            await self._let_others_come()
            try:
                connection = await self._writer.begin(_BATCH, expires=False)  # Each piece has a time of its own.
            except Exception as error:  # noqa: BLE001 - it is raised by those who wait
                self._refuse(error)
            else:
                await self._do_some(connection)

    async def _let_others_come(self) -> None:
        """Wait as long as more and more come: there is one commit for all of them."""
        end, before = now() + _LONGEST_TURN, 0
        while len(self._waiting) > before and now() < end:
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _refuse(self, error: Exception) -> None:
        while (following := self._waiting.next()) is not None:
            _, piece = following
            piece.tell(another(error))

    async def _do_some(self, connection: sqlite3.Connection) -> None:
        """Do what waits, as far as there is time, and commit it. Where that goes wrong, nothing of it is kept."""
        kept: list[_Piece] = []
        try:
            self._do_pieces(connection, kept)
        except Exception as failure:  # noqa: BLE001 - it is raised by those who wait
            self._writer.roll_back(connection)
            error: Exception | None = failure
        else:
            error = await self._committed(connection)
        for piece in kept:
            piece.tell(error and another(error))

    def _do_pieces(self, connection: sqlite3.Connection, kept: list[_Piece]) -> None:
        end = now() + _LONGEST_TURN
        while (not kept or now() < end) and (following := self._waiting.next()) is not None:
            _, piece = following
            if piece.admitted.done():
                continue  # Nobody waits for it any more.
            kept.append(piece)
            refusal = _attempt(connection, piece.work)
            if refusal is not None:
                kept.pop().tell(refusal)

    async def _committed(self, connection: sqlite3.Connection) -> Exception | None:
        try:
            await self._writer.commit(connection)
        except Exception as error:  # noqa: BLE001 - the same
            return error
        return None


def _attempt(connection: sqlite3.Connection, work: Work) -> Exception | None:
    """Do a piece of work, or nothing of it: then what went wrong. Raises what makes it impossible to do either."""
    _demand(connection, _BEGIN_PIECE)
    refusal = None
    try:
        work(connection)
    except Exception as failure:  # noqa: BLE001 - the same
        _demand(connection, _UNDO_PIECE)
        refusal = failure
    _demand(connection, _KEEP_PIECE)
    return refusal


def _demand(connection: sqlite3.Connection, statement: str) -> None:
    error = tried(connection, statement)
    if error is not None:
        raise error
