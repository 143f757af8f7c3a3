"""The door to owned data, on SQL databases."""

from contextlib import AbstractAsyncContextManager
from types import TracebackType

from adapters.sql.audit import SqlAuditLog
from adapters.sql.connection import Connection, Database, Entry
from adapters.sql.documents import SqlDocuments
from adapters.sql.organizations import SqlCharter, SqlInvitations, SqlMembers, SqlOrganizations
from adapters.sql.replies import SqlReplies
from adapters.sql.settings import SqlSettings
from adapters.sql.spellings import Spellings
from adapters.sql.tags import SqlTags, SqlTagsNextDoor
from adapters.sql.tasks import SqlTasks
from adapters.sql.usage import SqlUsage, SqlUsageNextDoor
from application.ports.clock import Clock
from domain.access import Access, Actor, Relation, Role, space_named
from domain.ids import SpaceId, UserId, personal_space
from domain.task import Task


class SqlNeighbour:
    """Another space, seen from an open one, in the same transaction."""

    def __init__(self, connection: Connection, space_id: SpaceId, relation: Relation, *, home: SpaceId) -> None:
        self._connection = connection
        self._space_id = space_id
        self._home = home
        self.relation = relation
        self.tags = SqlTagsNextDoor(connection, space_id, home=home)
        self.usage = SqlUsageNextDoor(connection, space_id, home=home)

    async def has_member(self, user_id: UserId) -> bool:
        """Tell whether this person is a member there."""
        await self._connection.step_into(self._space_id)
        found = await SqlMembers(self._connection, self._space_id).has(user_id)
        await self._connection.step_into(self._home)
        return found

    async def take(self, task: Task, *, was: Task) -> None:
        """Move the task, under row-level security at both ends."""
        await self._connection.step_into(was.space_id)
        await SqlTasks(self._connection, was.space_id).remove(was)
        await self._connection.step_into(self._space_id)
        await SqlTasks(self._connection, self._space_id).add(task)
        await self._connection.step_into(self._home)


class SqlSpace:
    """An open space in one transaction."""

    def __init__(self, connection: Connection, access: Access, spellings: Spellings, *, recalls: bool) -> None:
        self._connection = connection
        self._spellings = spellings
        self._recalls = recalls
        self.access = access
        self.tasks = SqlTasks(connection, access.space_id)

    async def neighbour(self, space_id: SpaceId) -> SqlNeighbour:
        """Another space."""
        myself = self.access.user_id
        organizations = SqlOrganizations(self._connection, myself)
        roles = await organizations.roles()
        role = Role.OWNER if space_id == personal_space(myself) else roles.get(space_id)
        acquainted = await organizations.shares_any(UserId(space_id), roles)
        return SqlNeighbour(self._connection, space_id, Relation(role, acquainted), home=self.access.space_id)

    @property
    def members(self) -> SqlMembers:
        """The people in this space."""
        return SqlMembers(self._connection, self.access.space_id)

    @property
    def invitations(self) -> SqlInvitations:
        """The invitations to this space."""
        return SqlInvitations(self._connection, self.access.space_id)

    @property
    def tags(self) -> SqlTags:
        """The tags of this space."""
        return SqlTags(self._connection, self.access.space_id, self._spellings, recalls=self._recalls)

    @property
    def documents(self) -> SqlDocuments:
        """The documents of this space."""
        return SqlDocuments(self._connection, self.access.space_id)

    @property
    def settings(self) -> SqlSettings:
        """The settings of this space."""
        return SqlSettings(self._connection, self.access.space_id)

    @property
    def usage(self) -> SqlUsage:
        """How much this space holds."""
        return SqlUsage(self._connection, self.access.space_id)

    @property
    def audit(self) -> SqlAuditLog:
        """The log of this space."""
        return SqlAuditLog(self._connection, self.access.space_id)

    @property
    def replies(self) -> SqlReplies:
        """What the person who opened the space was answered."""
        return SqlReplies(self._connection, personal_space(self.access.user_id), home=self.access.space_id)

    @property
    def organizations(self) -> SqlOrganizations:
        """The organisations that people are in, to count them."""
        return SqlOrganizations(self._connection, self.access.user_id)

    @property
    def charter(self) -> SqlCharter:
        """What makes this space an organisation, if it is one."""
        return SqlCharter(self._connection, self.access.space_id)


class _Opening:
    """A space that is open as long as its transaction."""

    def __init__(
        self,
        entering: AbstractAsyncContextManager[tuple[Connection, Access]],
        spellings: Spellings,
        *,
        recalls: bool,
    ) -> None:
        self._entering = entering
        self._spellings = spellings
        self._recalls = recalls

    async def __aenter__(self) -> SqlSpace:
        connection, access = await self._entering.__aenter__()
        return SqlSpace(connection, access, self._spellings, recalls=self._recalls)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._entering.__aexit__(kind, error, trace)


class SqlOpenSpace:
    """The door: one transaction for each open space."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._spellings = Spellings()

    def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AbstractAsyncContextManager[SqlSpace]:
        """Open the space for somebody who is in it."""
        entry = Entry(actor, space_named(actor, owner_id), self._clock())
        entering = self._database.enter(entry, read_only=read_only, recalls=recalls)
        return _Opening(entering, self._spellings, recalls=recalls)
