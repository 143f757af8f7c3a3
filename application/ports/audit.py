"""Where the logs of spaces are kept: events are added and read, never changed."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from application.ports.paging import Onward
from domain.audit import Action, AuditEvent, Resource
from domain.ids import EventId, SpaceId
from domain.seals import Seal
from domain.shares import SERVICE, ShareKey

LAST: Final = EventId(UUID(int=2**128 - 1))
"""The max UUID (RFC 9562, section 5.10): above the id of every event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery(Onward):
    """Which events are wanted: all that fit, the newest first."""

    action: Action | None = None
    resource_type: Resource | None = None
    resource_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditLog(Protocol):
    """The log of the space it was reached through."""

    async def append(self, *events: AuditEvent) -> None:
        """Write events down, each in the log of the space that it names."""
        ...

    async def has_space(self) -> bool:
        """Tell whether the space still exists: a log outlives it."""
        ...

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        """The events that fit."""
        ...

    async def unsealed(self, limit: int, *, before: EventId = LAST) -> Sequence[tuple[EventId, AuditEvent | None]]:
        """Events below an id that no seal vouches for yet, the lowest id first; None for one that was removed.

        All of them are committed in one snapshot: a change of an item is among them, or was sealed, if a later
        change of the same item is.
        """
        ...

    async def sealed(self, event_ids: Collection[EventId]) -> Collection[EventId]:
        """Those of the events that a seal vouches for."""
        ...

    async def last_seal(self) -> Seal | None:
        """The end of the chain."""
        ...

    async def add_seals(self, seals: Sequence[Seal]) -> None:
        """Make the chain longer: these events are unsealed no more. Raises SealTaken if another process was first."""
        ...

    async def dequeue(self, event_ids: Collection[EventId]) -> None:
        """Take note that these events, which have a seal, are unsealed no more."""
        ...

    async def chain(self, after: int, limit: int) -> list[tuple[Seal, AuditEvent | None]]:
        """The seals behind a position, in order, each with its event, None where that is gone."""
        ...


class SealTaken(Exception):
    """Another process sealed this position first."""


class OpenLog(Protocol):
    """The door to the log of one space, for the service itself: to note refusals, to seal, to verify."""

    def __call__(
        self, space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AbstractAsyncContextManager[AuditLog]:
        """Open the log in a transaction of its own, in nobody's name.

        ``share`` says on whose account, where a request has caused it. Raises Unavailable.
        """
        ...


class NextUnsealed(Protocol):
    """Tells the service itself where events were left without a seal. Nothing else of a space is told."""

    async def __call__(self, *, before: EventId, after: SpaceId) -> SpaceId | None:
        """The next space, in the order of ids, that holds unsealed events below an id.

        A transaction of its own. Raises Unavailable.
        """
        ...


class AccountsLog(Protocol):
    """What administrators see of all logs: sign-ins, accounts, and refusals. Never what is in a space."""

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        """The events that fit."""
        ...
