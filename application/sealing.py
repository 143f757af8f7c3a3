"""Sealing the logs behind the writers: no writer waits for the chain (ADR 0013, ADR 0027)."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from application.ports.audit import LAST, NextUnsealed, OpenLog, SealTaken
from application.ports.clock import Clock
from application.recording.scribe import Unsealed
from domain.audit import AuditEvent
from domain.ids import NOBODY, EventId, SpaceId, first_id_at
from domain.seals import Seal
from domain.shares import SERVICE, ShareKey

_AT_ONCE: Final = 100
"""How many events of a space are sealed in one turn: the other spaces have theirs before the next one."""

_LEFT_AFTER: Final = timedelta(minutes=1)
"""How old an event without a seal is when no process is expected to seal it from memory any more."""

_FAILURES_IN_A_ROW: Final = 5
"""After so many the fault is taken for one of the database, not of the spaces."""

Unsealable = Sequence[tuple[EventId, AuditEvent | None]]
"""Events with their ids, None for those that were removed."""


@dataclass(frozen=True, slots=True)
class SealLog:
    """Seal the events of a space that have no seal. The service alone may.

    No writer waits for it, and it does not wait for writers to come to an end.
    """

    open_log: OpenLog

    async def __call__(self, space_id: SpaceId) -> None:
        """Seal everything that is found, one turn after the other."""
        while await self.found(space_id):
            pass

    async def found(self, space_id: SpaceId, *, before: EventId = LAST, share: ShareKey = SERVICE) -> bool:
        """Seal what is found below an id, as much as one turn takes. Returns whether there may be more."""
        async with self.open_log(space_id, read_only=True, share=share) as log:
            events = await log.unsealed(_AT_ONCE, before=before)
            end = await log.last_seal()
        await self._seal(space_id, events, end, share)
        return len(events) == _AT_ONCE

    async def these(self, space_id: SpaceId, events: Sequence[AuditEvent]) -> None:
        """Seal these events, as they are here; those that have a seal already are left alone."""
        async with self.open_log(space_id, read_only=True) as log:
            end = await log.last_seal()
        await self._seal(space_id, [(event.id, event) for event in events], end)

    async def _seal(self, space_id: SpaceId, events: Unsealable, end: Seal | None, share: ShareKey = SERVICE) -> None:
        left = events
        while left:
            try:
                await self._append(space_id, left, end, share)
            except SealTaken:  # Another process is sealing.
                end, left = await self._left(space_id, left, share)
            else:
                return

    async def _left(self, space_id: SpaceId, events: Unsealable, share: ShareKey) -> tuple[Seal | None, Unsealable]:
        """Where the chain ends, and those of the events that are not in it."""
        async with self.open_log(space_id, share=share) as log:
            sealed = await log.sealed([event_id for event_id, _ in events])
            await log.dequeue(sealed)
            return await log.last_seal(), [one for one in events if one[0] not in sealed]

    async def _append(self, space_id: SpaceId, events: Unsealable, end: Seal | None, share: ShareKey) -> None:
        """Make the chain longer. The log is open for writing only when all seals are ready."""
        seals = list(_seals(space_id, events, end))
        async with self.open_log(space_id, share=share) as log:
            await log.add_seals(seals)


def _seals(space_id: SpaceId, events: Unsealable, end: Seal | None) -> Iterator[Seal]:
    for event_id, event in events:
        end = Seal.of_removed(event_id, of=space_id, after=end) if event is None else Seal.of(event, after=end)
        yield end


class _Turns:
    """Turns of spaces, of which some fail: what fails in one space does not stop the others."""

    def __init__(self) -> None:
        self._in_a_row = 0
        self._failures: dict[type[Exception], Exception] = {}
        self.failed: set[SpaceId] = set()

    @property
    def is_hopeless(self) -> bool:
        """Whether so many turns failed one after the other that the next ones would as well."""
        return self._in_a_row >= _FAILURES_IN_A_ROW

    async def take(self, space_id: SpaceId, turn: Callable[[], Awaitable[bool]]) -> bool:
        """Let a space have its turn, unless an earlier one failed. Returns whether it may have more to do."""
        if self.is_hopeless or space_id in self.failed:
            return False
        try:
            has_more = await turn()
        except Exception as failure:  # noqa: BLE001 - raised at the end
            self.failed.add(space_id)
            self._failures.setdefault(type(failure), failure)
            self._in_a_row += 1
            return False
        self._in_a_row = 0
        return has_more

    def end(self) -> None:
        """Raise what failed: one error of each kind, in an ExceptionGroup."""
        if self._failures:
            raise ExceptionGroup("some logs were not sealed", list(self._failures.values()))


@dataclass(frozen=True, slots=True)
class SealGrownLogs:
    """Seal what this process has written down, as it was written, in turns that are fair to all spaces.

    A turn is a bounded stretch. Spaces whose events fit into one go first, and go again between two turns of spaces
    with more. The service alone may. What fails in one space does not stop the others, and is looked up the next time.
    Raises an ExceptionGroup of what failed, at the end.
    """

    seal_log: SealLog
    unsealed: Unsealed

    async def __call__(self) -> None:
        turns = _Turns()
        while not turns.is_hopeless:
            waiting = self.unsealed.waiting()
            long = [space for space, count in waiting.items() if count is None or count > _AT_ONCE]
            for space_id in [space for space, count in waiting.items() if count is not None and count <= _AT_ONCE]:
                await turns.take(space_id, partial(self._turn, space_id))
            next_one = next((space for space in long if space not in turns.failed), None)
            if next_one is None:
                break
            await turns.take(next_one, partial(self._turn, next_one))
        turns.end()

    async def _turn(self, space_id: SpaceId) -> bool:
        """Seal one stretch of a space that waits."""
        try:
            events = self.unsealed.take(space_id, _AT_ONCE)
            if events is not None:
                await self.seal_log.these(space_id, events)
            elif await self.seal_log.found(space_id):
                self.unsealed.forget(space_id)
        except BaseException:
            self.unsealed.forget(space_id)
            raise
        return False


@dataclass(frozen=True, slots=True)
class SealLeftEvents:
    """Seal in every space what no process remembers: what killed ones have left, and what was committed late.

    The service alone may. Each space has a bounded turn before any has its next one. What fails in one space does not
    stop the others. Raises an ExceptionGroup of what failed, at the end, and Unavailable.
    """

    next_unsealed: NextUnsealed
    seal_log: SealLog
    clock: Clock

    async def __call__(self) -> None:
        turns, before = _Turns(), EventId(first_id_at(self.clock() - _LEFT_AFTER))
        while await self._round(turns, before):
            pass
        turns.end()

    async def _round(self, turns: _Turns, before: EventId) -> bool:
        """Let every space with such events have one turn. Returns whether some may have more."""
        after, has_more = SpaceId(NOBODY), False
        while (space_id := await self.next_unsealed(before=before, after=after)) is not None:
            has_more |= await turns.take(space_id, partial(self.seal_log.found, space_id, before=before))
            after = space_id
        return has_more and not turns.is_hopeless
