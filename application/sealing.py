"""Sealing the logs, behind the writers' backs: nobody who writes waits for the chain (ADR 0013)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from application.ports.audit import OpenLog, SealTaken
from application.recording.scribe import Unsealed
from domain.audit import AuditEvent
from domain.ids import EventId, SpaceId, id_before
from domain.seals import Seal

_AT_ONCE: Final = 100
"""How many are sealed in one stretch. Between two of them requests go first."""

_BETWEEN_LOOKS: Final = timedelta(minutes=1)
"""How old a look through a log may be while that grows, and by how much the next one overlaps it.

Found is what was committed and is not remembered: since the answer to its commit was lost, or its process was killed.
"""

_MOST_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class SealLog:
    """Find what a log has grown by, behind an event if one is given, and seal it. The service alone may.

    No writer waits for it, and it does not wait for writers to come to an end. Returns the last one that was found.
    """

    open_log: OpenLog

    async def __call__(self, space_id: SpaceId, *, after: EventId | None = None) -> EventId | None:
        last: EventId | None = None
        while events := await self._found(space_id, after):
            try:
                await self._append(space_id, events, await self._end(space_id))
            except SealTaken:
                continue  # Another process is sealing; what it leaves is ours.
            after = last = events[-1].id
            if len(events) < _AT_ONCE:
                break
        return last

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
    """Seal what this process has written down, as it was written, and once a minute whatever else is in these logs.

    The service alone may. Raises what goes wrong with a log; the others have their turn before it the next time.
    """

    seal_log: SealLog
    unsealed: Unsealed
    looked_over: dict[SpaceId, EventId] = field(default_factory=dict)
    """The logs that were looked through, each with the newest event that was known then."""

    async def __call__(self) -> None:
        grown = self.unsealed.take()
        while grown:
            space_id = next(iter(grown))
            try:
                await self._seal(space_id, grown[space_id])
            except BaseException:
                del grown[space_id]
                self.unsealed.put_back(grown)
                self.unsealed.forget(space_id)
                raise
            del grown[space_id]

    async def _seal(self, space_id: SpaceId, events: Sequence[AuditEvent] | None) -> None:
        seen, newest = self.looked_over.get(space_id), None
        if events:
            await self.seal_log.these(space_id, events)
            newest = events[-1].id
        if seen is None or newest is None or seen < id_before(newest, _BETWEEN_LOOKS):
            found = await self.seal_log(space_id, after=seen and EventId(id_before(seen, _BETWEEN_LOOKS)))
            self._remember(space_id, newest or found)

    def _remember(self, space_id: SpaceId, newest: EventId | None) -> None:
        if newest is not None:
            if len(self.looked_over) >= _MOST_REMEMBERED:
                self.looked_over.clear()
            self.looked_over[space_id] = newest
