"""The trash of every space, in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.store import Contents, MemoryStore
from adapters.memory.tasks import MemoryTasks
from domain.ids import SpaceId


class MemoryTrash:
    """The trash of one space, and its invitations that have expired."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._invitations = contents.invitations
        self._space_id = space_id
        self._tasks = MemoryTasks(contents, space_id)
        self.audit = MemoryAuditLog(contents, space_id)

    async def purge(self, deleted_by: datetime, limit: int) -> int:
        return await self._tasks.purge_deleted(by=deleted_by, limit=limit)

    async def remove_invitations(self, expired_by: datetime, limit: int) -> int:
        mine = [(key, one) for key, one in self._invitations.items() if key[0] == self._space_id]
        expired = [key for key, one in mine if one.expires_at <= expired_by][:limit]
        for key in expired:
            del self._invitations[key]
        return len(expired)


class MemorySpaces:
    """All spaces: those that somebody is in."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        async with self._store.begin(read_only=True) as contents:
            found = {space_id for space_id, _ in contents.memberships if space_id > after}
        return sorted(found)[:limit]


class MemoryOpenTrash:
    """The door to the trash of one space."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def __call__(self, space_id: SpaceId) -> AsyncIterator[MemoryTrash]:
        """Open it in a transaction of its own."""
        async with self._store.begin(read_only=False) as contents:
            yield MemoryTrash(contents, space_id)
