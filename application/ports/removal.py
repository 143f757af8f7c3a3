"""What closed accounts and dissolved organisations have left, for the service itself to remove."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.ports.audit import AuditLog
from domain.ids import SpaceId, TaskId, UserId


class Removals(Protocol):
    """The ids of the spaces in which something is left, and nothing of what it is."""

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        """Up to ``limit`` spaces in the order of their ids, behind ``after``. Raises Unavailable."""
        ...


class Remains(Protocol):
    """What is left in the space that it was opened for: nothing, as long as another transaction is at it."""

    async def clear(self, limit: int) -> int:
        """Remove up to ``limit`` things that are in a removed space, and it with the last of them; tell how many.

        Nothing where the space is none that has been removed.
        """
        ...

    async def departed(self) -> UserId | None:
        """Somebody who has left the organisation for good and may still have tasks in it."""
        ...

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        """Take up to ``limit`` tasks from this person, and tell which."""
        ...

    async def settle(self, user_id: UserId) -> None:
        """Keep that this person has no task left here."""
        ...

    @property
    def audit(self) -> AuditLog:
        """The log of the space."""
        ...


class OpenRemains(Protocol):
    """The door to what is left in one space. The service alone uses it."""

    def __call__(self, space_id: SpaceId) -> AbstractAsyncContextManager[Remains]:
        """Open it in a transaction of its own. Commits on a clean exit, rolls back on any exception.

        Raises Unavailable.
        """
        ...
