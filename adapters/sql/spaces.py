"""The door to owned data, on SQL databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import bindparam, select

from adapters.sql.connection import Connection, Database, Entry
from adapters.sql.query import Query
from adapters.sql.tables import memberships
from adapters.sql.tasks import SqlTasks
from application.ports.clock import Clock
from domain.access import Access, Actor, space_named
from domain.ids import UserId

_MEMBER: Final = Query(
    select(memberships.c.user_id).where(
        memberships.c.space_id == bindparam("space_id"), memberships.c.user_id == bindparam("user_id")
    ),
)


class SqlSpace:
    """An open space in one transaction."""

    def __init__(self, connection: Connection, access: Access) -> None:
        self._connection = connection
        self.access = access
        self.tasks = SqlTasks(connection, access.space_id)

    async def has_member(self, user_id: UserId) -> bool:
        """Tell whether this person is a member of the space."""
        found = await self._connection.fetch_one(_MEMBER, space_id=self.access.space_id, user_id=user_id)
        return found is not None


class SqlOpenSpace:
    """The door: one transaction for each open space."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def __call__(self, actor: Actor, owner_id: str | None, *, read_only: bool = False) -> AsyncIterator[SqlSpace]:
        """Open the space for somebody who is in it."""
        entry = Entry(actor, space_named(actor, owner_id), self._clock())
        async with self._database.enter(entry, read_only=read_only) as (connection, access):
            yield SqlSpace(connection, access)
