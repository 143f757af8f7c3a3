"""Sealing the logs, behind the writers' backs: nobody who writes waits for the chain (ADR 0013)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from application.ports.audit import OpenLog, SealTaken
from application.recording.scribe import Unsealed
from domain.audit import AuditEvent, Seal
from domain.ids import EventId, SpaceId, id_before

_AT_ONCE: Final = 100
"""How many are sealed in one stretch. Between two of them requests go first."""

_RECENT: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class SealLog:
    """Find what a log has grown by, and seal it; no writer waits for it. The service alone may.

    ``recently`` leaves alone what is older than a minute: so the look is short, however long the log.
    """

    open_log: OpenLog

    async def __call__(self, space_id: SpaceId, *, recently: bool = False) -> None:
        after: EventId | None = None
        if recently:
            async with self.open_log(space_id, read_only=True) as log:
                seal = await log.last_seal()
            after = EventId(id_before(seal.event_id, _RECENT)) if seal else None
        while events := await self._found(space_id, after):
            try:
                await self._append(space_id, events, await self._end(space_id))
            except SealTaken:
                continue  # Another process is sealing; what it leaves is ours.
            after = events[-1].id

    async def these(self, space_id: SpaceId, events: Sequence[AuditEvent]) -> None:
        """Seal these events, as they are here; those that somebody has sealed already are left alone."""
        end = await self._end(space_id)
        for stretch in _stretches(events):
            left = stretch
            while left:
                try:
                    end, left = await self._append(space_id, left, end), ()
                except SealTaken:  # Another process is sealing, or somebody wanted a verdict.
                    end, left = await self._left(space_id, left)

    async def _left(self, space_id: SpaceId, events: Sequence[AuditEvent]) -> tuple[Seal | None, Sequence[AuditEvent]]:
        """Where the chain ends, and those of the events that are not in it."""
        async with self.open_log(space_id, read_only=True) as log:
            sealed = await log.sealed([event.id for event in events])
            return await log.last_seal(), [event for event in events if event.id not in sealed]

    async def _append(self, space_id: SpaceId, events: Sequence[AuditEvent], end: Seal | None) -> Seal | None:
        """Make the chain longer, and tell its new end. The log is open for writing only when all seals are ready."""
        seals: list[Seal] = []
        for event in events:
            end = Seal.of(event, after=end)
            seals.append(end)
        async with self.open_log(space_id) as log:
            await log.add_seals(seals)
        return end

    async def _end(self, space_id: SpaceId) -> Seal | None:
        async with self.open_log(space_id, read_only=True) as log:
            return await log.last_seal()

    async def _found(self, space_id: SpaceId, after: EventId | None) -> Sequence[AuditEvent]:
        async with self.open_log(space_id, read_only=True) as log:
            return await log.unsealed(_AT_ONCE, after=after)


def _stretches(events: Sequence[AuditEvent]) -> Iterator[Sequence[AuditEvent]]:
    return (events[start : start + _AT_ONCE] for start in range(0, len(events), _AT_ONCE))


@dataclass(frozen=True, slots=True)
class SealGrownLogs:
    """Seal what this process has written down, as it was written; the first time in a log all that is there.

    The service alone may. Raises Unavailable; what was not sealed then is looked for the next time.
    """

    seal_log: SealLog
    unsealed: Unsealed
    looked_over: set[SpaceId] = field(default_factory=set)
    """The logs of which everything old is sealed."""

    async def __call__(self) -> None:
        grown = self.unsealed.take()
        try:
            while grown:
                space_id = next(iter(grown))
                await self._seal(space_id, grown[space_id])
                del grown[space_id]
        finally:
            for space_id in grown:  # The database does not answer: the next time.
                self.unsealed.forget(space_id)

    async def _seal(self, space_id: SpaceId, events: Sequence[AuditEvent] | None) -> None:
        if space_id not in self.looked_over:
            await self.seal_log(space_id)
            self._remember(space_id)
        elif events is None:
            await self.seal_log(space_id, recently=True)
        else:
            await self.seal_log.these(space_id, events)

    def _remember(self, space_id: SpaceId) -> None:
        if len(self.looked_over) >= _MOST_REMEMBERED:
            self.looked_over.clear()
        self.looked_over.add(space_id)
