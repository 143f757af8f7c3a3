"""What closed accounts and dissolved organisations have left, in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.store import Contents, MemoryStore, clear_space
from adapters.memory.tasks import MemoryTasks
from domain.ids import SpaceId, TaskId, UserId


class MemoryRemovals:
    """The spaces in which something is left."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        async with self._store.begin(read_only=True) as contents:
            found = {*contents.removed_spaces, *(space_id for space_id, _ in contents.departures)}
        return sorted(space_id for space_id in found if space_id > after)[:limit]


class MemoryRemains:
    """What is left in one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._contents = contents
        self._space_id = space_id
        self._tasks = MemoryTasks(contents, space_id)
        self.audit = MemoryAuditLog(contents, space_id)

    async def clear(self, limit: int) -> int:
        if self._space_id not in self._contents.removed_spaces:
            return 0
        return clear_space(self._contents, self._space_id, limit)

    async def departed(self) -> UserId | None:
        return next((user_id for space_id, user_id in self._contents.departures if space_id == self._space_id), None)

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        return await self._tasks.unassign(user_id, at=at, limit=limit)

    async def settle(self, user_id: UserId) -> None:
        del self._contents.departures[self._space_id, user_id]


class MemoryOpenRemains:
    """The door to what is left in one space."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def __call__(self, space_id: SpaceId) -> AsyncIterator[MemoryRemains]:
        """Open it in a transaction of its own."""
        async with self._store.begin(read_only=False) as contents:
            yield MemoryRemains(contents, space_id)
