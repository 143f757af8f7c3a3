"""What every space keeps for a time, for the service itself to remove when that is over: its trash and invitations."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from application.ports.audit import AuditLog
from domain.ids import SpaceId


class Trash(Protocol):
    """The trash of the space that it was opened for, and the invitations to it that have expired."""

    async def purge(self, deleted_by: datetime, limit: int) -> int:
        """Remove up to ``limit`` tasks for good that were deleted by this moment; tell how many.

        Those that another transaction holds are left out.
        """
        ...

    async def remove_invitations(self, expired_by: datetime, limit: int) -> int:
        """Remove up to ``limit`` invitations that had expired by this moment, used or not; tell how many.

        Those that another transaction holds are left out.
        """
        ...

    @property
    def audit(self) -> AuditLog:
        """The log of the space."""
        ...


class Spaces(Protocol):
    """The ids of all spaces, without those that have been removed, and nothing of what is in them."""

    async def behind(self, after: UUID, limit: int) -> Sequence[SpaceId]:
        """Up to ``limit`` spaces in the order of their ids, behind ``after``. Raises Unavailable."""
        ...


class OpenTrash(Protocol):
    """The door to the trash of one space. The service alone uses it."""

    def __call__(self, space_id: SpaceId) -> AbstractAsyncContextManager[Trash]:
        """Open it in a transaction of its own. Commits on a clean exit, rolls back on any exception.

        Raises Unavailable.
        """
        ...
