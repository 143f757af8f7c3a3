"""The logs of spaces, in memory."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

from adapters.memory.store import Contents, MemoryStore
from application.ports.audit import LAST, AuditQuery, SealTaken
from domain.audit import AuditEvent, Outcome, Resource
from domain.ids import EventId, SpaceId
from domain.seals import Seal
from domain.shares import SERVICE, ShareKey


def _found(events: list[AuditEvent], query: AuditQuery) -> Sequence[AuditEvent]:
    """Those that the query asks for."""
    fitting = [
        event
        for event in events
        if query.action in {None, event.action}
        and query.resource_type in {None, event.resource_type}
        and query.resource_id in {None, event.resource_id}
        and (query.since is None or event.at >= query.since)
        and (query.until is None or event.at < query.until)
        and (query.after is None or event.place < query.after)
    ]
    return sorted(fitting, key=lambda event: event.place, reverse=True)[: query.limit]


class MemoryAuditLog:
    """The log of one space."""

    def __init__(self, contents: Contents, space_id: SpaceId) -> None:
        self._events = contents.audit_events
        self._seals = contents.audit_seals
        self._unsealed = contents.unsealed_events
        self._space_id = space_id
        self._exists = space_id in contents.organizations or space_id in contents.accounts

    async def append(self, *events: AuditEvent) -> None:
        for event in events:
            self._events[event.space_id, event.id] = event
            self._unsealed[event.space_id, event.id] = None

    async def has_space(self) -> bool:
        return self._exists

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        return _found([event for (space_id, _), event in self._events.items() if space_id == self._space_id], query)

    async def unsealed(self, limit: int, *, before: EventId = LAST) -> Sequence[tuple[EventId, AuditEvent | None]]:
        mine = sorted(event_id for space_id, event_id in self._unsealed if space_id == self._space_id)
        return [(event_id, self._event(event_id)) for event_id in mine if event_id < before][:limit]

    async def sealed(self, event_ids: Collection[EventId]) -> Collection[EventId]:
        return {seal.event_id for seal in self._chain()}.intersection(event_ids)

    async def last_seal(self) -> Seal | None:
        return self._chain()[-1] if self._chain() else None

    async def add_seals(self, seals: Sequence[Seal]) -> None:
        taken = {kept.event_id for kept in self._chain()}
        for seal in seals:
            if (self._space_id, seal.position) in self._seals or seal.event_id in taken:
                raise SealTaken
            self._seals[self._space_id, seal.position] = seal
            taken.add(seal.event_id)
        await self.dequeue([seal.event_id for seal in seals])

    async def dequeue(self, event_ids: Collection[EventId]) -> None:
        for event_id in event_ids:
            self._unsealed.pop((self._space_id, event_id), None)

    async def chain(self, after: int, limit: int) -> list[tuple[Seal, AuditEvent | None]]:
        behind = [seal for seal in self._chain() if seal.position > after][:limit]
        return [(seal, self._event(seal.event_id)) for seal in behind]

    def _event(self, event_id: EventId) -> AuditEvent | None:
        return self._events.get((self._space_id, event_id))

    def _chain(self) -> list[Seal]:
        mine = [seal for (space_id, _), seal in self._seals.items() if space_id == self._space_id]
        return sorted(mine, key=lambda seal: seal.position)


class MemoryOpenLog:
    """The door to the log of one space, for the service itself."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    @asynccontextmanager
    async def __call__(
        self,
        space_id: SpaceId,
        *,
        read_only: bool = False,
        share: ShareKey = SERVICE,  # noqa: ARG002 - nothing is scarce
    ) -> AsyncIterator[MemoryAuditLog]:
        """Open the log in a transaction of its own."""
        async with self._store.begin(read_only=read_only) as contents:
            yield MemoryAuditLog(contents, space_id)


class MemoryNextUnsealed:
    """The spaces in which events were left without a seal, one after the other."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    async def __call__(self, *, before: EventId, after: SpaceId) -> SpaceId | None:
        async with self._store.begin(read_only=True) as contents:
            left = [space_id for space_id, event_id in contents.unsealed_events if event_id < before]
        return min((space_id for space_id in left if space_id > after), default=None)


class MemoryAccountsLog:
    """What administrators see of all logs."""

    def __init__(self, contents: Contents) -> None:
        self._events = contents.audit_events

    async def find(self, query: AuditQuery) -> Sequence[AuditEvent]:
        shown = [
            event
            for event in self._events.values()
            if event.outcome is not Outcome.SUCCESS or event.resource_type in {Resource.SESSION, Resource.ACCOUNT}
        ]
        return _found(shown, query)
