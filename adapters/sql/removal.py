"""What closed accounts and dissolved organisations have left, on SQL databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, select

from adapters.sql.audit import SqlAuditLog
from adapters.sql.clearing import clear
from adapters.sql.connection import Connection, Database, begin_upkeep
from adapters.sql.owned import in_this_space
from adapters.sql.query import Query
from adapters.sql.tables import IS_REMOVED, departures, spaces
from adapters.sql.tasks import SqlTasks
from adapters.sql.types import Id
from domain.ids import SpaceId, TaskId, UserId

_AFTER: Final = bindparam("after", type_=Id)
_LIMIT: Final = bindparam("limit", type_=Integer)

_REMOVED: Final = Query(
    select(spaces.c.space_id).where(IS_REMOVED, spaces.c.space_id > _AFTER).order_by(spaces.c.space_id).limit(_LIMIT)
)
_DEPARTED_FROM: Final = Query(
    select(departures.c.space_id).where(departures.c.space_id > _AFTER).order_by(departures.c.space_id).limit(_LIMIT)
)
_IS_REMOVED: Final = Query(select(spaces.c.space_id).where(in_this_space(spaces), IS_REMOVED))
_DEPARTED: Final = Query(
    select(departures.c.user_id).where(in_this_space(departures)).order_by(departures.c.user_id).limit(1)
)
_SETTLE: Final = Query(
    delete(departures).where(in_this_space(departures), departures.c.user_id == bindparam("user_id"))
)


class SqlRemovals:
    """The spaces in which something is left."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        async with begin_upkeep(self._database, read_only=True) as connection:
            await connection.show_removals(after)
            removed = [row[0] for row in await connection.fetch_all(_REMOVED, after=after, limit=limit)]
            left = [row[0] for row in await connection.fetch_all(_DEPARTED_FROM, after=after, limit=limit)]
        if len(left) == limit:  # A space is there once for each person: beyond the last one there may be more.
            removed = [space_id for space_id in removed if space_id <= left[-1]]
        return sorted({*removed, *left})[:limit]


class SqlRemains:
    """What is left in one space."""

    def __init__(self, connection: Connection, space_id: SpaceId, *, is_held: bool) -> None:
        self._connection = connection
        self._space_id = space_id
        self._is_held = is_held
        self._tasks = SqlTasks(connection, space_id)
        self.audit = SqlAuditLog(connection, space_id)

    async def clear(self, limit: int) -> int:
        found = self._is_held and await self._connection.fetch_one(_IS_REMOVED, space_id=self._space_id)
        return await clear(self._connection, self._space_id, limit) if found else 0

    async def departed(self) -> UserId | None:
        row = self._is_held and await self._connection.fetch_one(_DEPARTED, space_id=self._space_id)
        return UserId(row[0]) if row else None

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        return await self._tasks.unassign(user_id, at=at, limit=limit)

    async def settle(self, user_id: UserId) -> None:
        await self._connection.execute(_SETTLE, space_id=self._space_id, user_id=user_id)


class SqlOpenRemains:
    """The door to what is left in one space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, space_id: SpaceId) -> AsyncIterator[SqlRemains]:
        """Open it in a transaction of its own."""
        async with begin_upkeep(self._database) as connection:
            await connection.step_into(space_id)
            digest = sha256(b"remains" + space_id.bytes).digest()
            is_held = await connection.hold(int.from_bytes(digest[:8], signed=True))
            yield SqlRemains(connection, space_id, is_held=is_held)
