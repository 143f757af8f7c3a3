"""The door to owned data, in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.documents import MemoryDocuments
from adapters.memory.organizations import MemoryCharter, MemoryInvitations, MemoryMembers, MemoryOrganizations
from adapters.memory.replies import MemoryReplies
from adapters.memory.settings import MemorySettings
from adapters.memory.signed_in import require_signed_in
from adapters.memory.store import Contents, MemoryStore
from adapters.memory.tags import MemoryTags
from adapters.memory.tasks import MemoryTasks
from adapters.memory.usage import MemoryUsage
from application.ports.clock import Clock
from domain.access import Access, Actor, Relation, admit, space_named
from domain.errors import StaleVersion
from domain.ids import SpaceId, UserId, personal_space
from domain.task import Task


class MemoryNeighbour:
    """Another space, seen from an open one, in the same transaction."""

    def __init__(self, contents: Contents, space_id: SpaceId, relation: Relation) -> None:
        self._contents = contents
        self._space_id = space_id
        self.relation = relation
        self.tags = MemoryTags(contents, space_id)
        self.usage = MemoryUsage(contents, space_id)

    async def has_member(self, user_id: UserId) -> bool:
        """Tell whether this person is a member there."""
        return (self._space_id, user_id) in self._contents.memberships

    async def take(self, task: Task, *, was: Task) -> None:
        """Move the task."""
        kept = self._contents.tasks.get((was.space_id, was.id))
        if kept is None or kept.version != was.version:
            raise StaleVersion
        del self._contents.tasks[was.space_id, was.id]
        await MemoryTasks(self._contents, self._space_id).add(task)


class MemorySpace:
    """An open space in one transaction."""

    def __init__(self, contents: Contents, access: Access) -> None:
        self._contents = contents
        self.access = access
        self.tasks = MemoryTasks(contents, access.space_id)
        self.tags = MemoryTags(contents, access.space_id)
        self.documents = MemoryDocuments(contents, access.space_id)
        self.settings = MemorySettings(contents, access.space_id)
        self.members = MemoryMembers(contents, access.space_id)
        self.invitations = MemoryInvitations(contents, access.space_id)
        self.audit = MemoryAuditLog(contents, access.space_id)
        self.usage = MemoryUsage(contents, access.space_id)
        self.organizations = MemoryOrganizations(contents, access.user_id)
        self.charter = MemoryCharter(contents, access.space_id)
        self.replies = MemoryReplies(contents, personal_space(access.user_id))

    async def neighbour(self, space_id: SpaceId) -> MemoryNeighbour:
        """Another space."""
        memberships, organizations = self._contents.memberships, self._contents.organizations
        mine = memberships.get((space_id, self.access.user_id))
        shared = [
            one.space_id
            for one in memberships.values()
            if one.user_id == self.access.user_id and one.space_id in organizations
        ]
        acquainted = any((organization_id, UserId(space_id)) in memberships for organization_id in shared)
        relation = Relation(mine.role if mine else None, acquainted)
        return MemoryNeighbour(self._contents, space_id, relation)


class MemoryOpenSpace:
    """The door: one transaction for each open space."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def __call__(
        self,
        actor: Actor,
        owner_id: str | None,
        *,
        read_only: bool = False,
        recalls: bool = False,  # noqa: ARG002 - looking costs nothing here
    ) -> AsyncIterator[MemorySpace]:
        """Open the space for somebody who is in it."""
        space_id = space_named(actor, owner_id)
        async with self._store.begin(read_only=read_only) as contents:
            require_signed_in(contents, actor, self._clock)
            membership = contents.memberships.get((space_id, actor.user_id))
            access = admit(actor, space_id, membership.role if membership else None)
            yield MemorySpace(contents, access)
