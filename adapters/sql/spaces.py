"""The door to owned data, on SQL databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sql.audit import SqlAuditLog
from adapters.sql.connection import Connection, Database, Entry
from adapters.sql.organizations import SqlCharter, SqlInvitations, SqlMembers
from adapters.sql.tasks import SqlTasks
from application.ports.clock import Clock
from domain.access import Access, Actor, space_named


class SqlSpace:
    """An open space in one transaction."""

    def __init__(self, connection: Connection, access: Access) -> None:
        self._connection = connection
        self.access = access
        self.tasks = SqlTasks(connection, access.space_id)

    @property
    def members(self) -> SqlMembers:
        """The people in this space."""
        return SqlMembers(self._connection, self.access.space_id)

    @property
    def invitations(self) -> SqlInvitations:
        """The invitations to this space."""
        return SqlInvitations(self._connection, self.access.space_id)

    @property
    def audit(self) -> SqlAuditLog:
        """The log of this space."""
        return SqlAuditLog(self._connection, self.access.space_id)

    @property
    def charter(self) -> SqlCharter:
        """What makes this space an organisation, if it is one."""
        return SqlCharter(self._connection, self.access.space_id)


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
