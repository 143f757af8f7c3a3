"""The door to owned data, in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.organizations import MemoryCharter, MemoryInvitations, MemoryMembers
from adapters.memory.signed_in import require_signed_in
from adapters.memory.store import Contents, MemoryStore
from adapters.memory.tasks import MemoryTasks
from application.ports.clock import Clock
from domain.access import Access, Actor, admit, space_named


class MemorySpace:
    """An open space in one transaction."""

    def __init__(self, contents: Contents, access: Access) -> None:
        self.access = access
        self.tasks = MemoryTasks(contents, access.space_id)
        self.members = MemoryMembers(contents, access.space_id)
        self.invitations = MemoryInvitations(contents, access.space_id)
        self.audit = MemoryAuditLog(contents, access.space_id)
        self.charter = MemoryCharter(contents, access.space_id)


class MemoryOpenSpace:
    """The door: one transaction for each open space."""

    def __init__(self, store: MemoryStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False
    ) -> AsyncIterator[MemorySpace]:
        """Open the space for somebody who is in it."""
        space_id = space_named(actor, owner_id)
        async with self._store.begin(read_only=read_only) as contents:
            require_signed_in(contents, actor, self._clock)
            membership = contents.memberships.get((space_id, actor.user_id))
            access = admit(actor, space_id, membership.role if membership else None)
            yield MemorySpace(contents, access)
