"""Removal behind a mark: what closed accounts and dissolved organisations have left goes a stretch at a time."""

from dataclasses import dataclass
from typing import Final

from application.ports.clock import Clock
from application.ports.removal import OpenRemains, Removals
from application.recording.scribe import Notes, Scribe
from application.stretches import STRETCH, in_turns
from domain.access import Origin
from domain.audit import Action, Source
from domain.deeds import unassigned_deed
from domain.ids import SpaceId

_BY_ITSELF: Final = Origin(source=Source.SERVICE)


@dataclass(frozen=True, slots=True)
class SweepRemains:
    """Remove what is in removed spaces, and take the tasks in organisations from those who have closed their account.

    The service alone may. It goes by marks in the store, so it resumes where a process was killed. A stretch of a space
    has a transaction of its own, and all spaces have their turn before a space has its next one. What is taken from a
    person is written down with its number. Raises Unavailable.
    """

    removals: Removals
    open_remains: OpenRemains
    scribe: Scribe
    clock: Clock

    async def __call__(self) -> None:
        await in_turns(self.removals.behind, self._sweep)

    async def _sweep(self, space_id: SpaceId) -> bool:
        """Do a stretch; tell whether there may be more."""
        notes = Notes(Action.UPDATE)
        async with self.open_remains(space_id) as remains:
            room = STRETCH - await remains.clear(STRETCH)
            while room and (user_id := await remains.departed()) is not None:
                taken = await remains.unassign(user_id, at=self.clock(), limit=room)
                room -= len(taken)
                if taken:
                    notes.did(space_id, unassigned_deed(len(taken), user_id))
                if room:
                    await remains.settle(user_id)
            await self.scribe.write_all(remains.audit, notes, by=None, origin=_BY_ITSELF)
        self.scribe.note_growth(notes)
        return not room
