"""The door to accounts and sessions, on SQL databases."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.sql.audit import SqlAccountsLog, SqlAuditLog
from adapters.sql.connection import Connection, Database, Entry
from adapters.sql.organizations import SqlInterior, SqlOrganizations, SqlReception, reception
from adapters.sql.password_resets import SqlPasswordResets
from adapters.sql.replies import SqlReplies
from adapters.sql.sessions import SqlSessions
from adapters.sql.users import SqlUsers
from application.ports.clock import Clock
from domain.access import NOWHERE, Actor, Origin
from domain.ids import NOBODY, SpaceId, UserId, personal_space
from domain.shares import share_of_origin

NO_SPACE = SpaceId(NOBODY)


class SqlIdentity:
    """Accounts and sessions in one transaction."""

    def __init__(self, connection: Connection, own: SpaceId = NO_SPACE) -> None:
        self._connection = connection
        self._own = own
        self.users = SqlUsers(connection)
        self.sessions = SqlSessions(connection)
        self.organizations = SqlOrganizations(connection, UserId(own))
        self.password_resets = SqlPasswordResets(connection)
        self.audit = SqlAuditLog(connection, NO_SPACE)
        self.accounts_log = SqlAccountsLog(connection)

    @property
    def replies(self) -> SqlReplies:
        """What the person who is signed in was answered."""
        return SqlReplies(self._connection, self._own, home=self._own)

    async def inside(self, space_id: SpaceId) -> SqlInterior:
        """An organisation, for a member who leaves it."""
        await self._connection.step_into(space_id)
        return SqlInterior(self._connection, space_id)

    async def reception(self, space_id: SpaceId, user_id: UserId) -> SqlReception:
        """A space, for a new account that is invited to it."""
        return await reception(self._connection, space_id, user_id)


class SqlOpenIdentity:
    """The door to accounts and sessions."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def __call__(
        self,
        actor: Actor | None,
        *,
        read_only: bool = False,
        origin: Origin = NOWHERE,
    ) -> AsyncIterator[SqlIdentity]:
        """Open for the actor, whose personal space says who they are, or for nobody yet."""
        if actor is None:
            async with self._database.begin(read_only=read_only, share=share_of_origin(origin)) as connection:
                yield SqlIdentity(connection)
        else:
            entry = Entry(actor, personal_space(actor.user_id), self._clock())
            async with self._database.enter(entry, read_only=read_only) as (connection, _):
                yield SqlIdentity(connection, entry.space_id)
