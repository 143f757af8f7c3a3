"""The trash of every space, on SQL databases."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Integer, bindparam, delete, select

from adapters.sql.audit import SqlAuditLog
from adapters.sql.connection import Connection, Database, begin_upkeep
from adapters.sql.owned import held, in_this_space
from adapters.sql.query import Query
from adapters.sql.tables import IS_REMOVED, invitations, spaces
from adapters.sql.tasks import SqlTasks
from adapters.sql.types import Id, Moment
from domain.ids import SpaceId

_BEHIND: Final = Query(
    select(spaces.c.space_id)
    .where(spaces.c.space_id > bindparam("after", type_=Id), ~IS_REMOVED)
    .order_by(spaces.c.space_id)
    .limit(bindparam("limit", type_=Integer))
)


_EXPIRED: Final = (
    select(invitations.c.id)
    .where(in_this_space(invitations), invitations.c.expires_at <= bindparam("by", type_=Moment))
    .order_by(invitations.c.id)
    .limit(bindparam("limit", type_=Integer))
)
_REMOVE_INVITATIONS: Final = Query(
    delete(invitations)
    .where(in_this_space(invitations), invitations.c.id.in_(held(_EXPIRED, skip_locked=True)))
    .returning(invitations.c.id)
)


class SqlTrash:
    """The trash of one space, and its invitations that have expired."""

    def __init__(self, connection: Connection, space_id: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id
        self._tasks = SqlTasks(connection, space_id)
        self.audit = SqlAuditLog(connection, space_id)

    async def purge(self, deleted_by: datetime, limit: int) -> int:
        return await self._tasks.purge_deleted(by=deleted_by, limit=limit)

    async def remove_invitations(self, expired_by: datetime, limit: int) -> int:
        some = {"by": expired_by, "limit": limit}
        return len(await self._connection.execute_returning(_REMOVE_INVITATIONS, space_id=self._space_id, **some))


class SqlSpaces:
    """All spaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        async with begin_upkeep(self._database, read_only=True) as connection:
            await connection.show_spaces(after)
            return [SpaceId(space_id) for (space_id,) in await connection.fetch_all(_BEHIND, after=after, limit=limit)]


class SqlOpenTrash:
    """The door to the trash of one space."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, space_id: SpaceId) -> AsyncIterator[SqlTrash]:
        """Open it in a transaction of its own."""
        async with begin_upkeep(self._database) as connection:
            await connection.step_into(space_id)
            yield SqlTrash(connection, space_id)
