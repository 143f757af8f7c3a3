"""Retention: what has been in the trash for longer than it is kept is removed for good, as are expired invitations."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from application.ports.clock import Clock
from application.ports.retention import OpenTrash, Spaces
from application.recording.scribe import Notes, Scribe
from application.stretches import STRETCH, in_turns
from domain.access import Origin
from domain.audit import Action, Source
from domain.deeds import emptied_deed
from domain.ids import SpaceId

_BY_ITSELF: Final = Origin(source=Source.SERVICE)


@dataclass(frozen=True, slots=True)
class PurgeExpiredTrash:
    """Remove from every trash what was deleted longer ago than ``kept``; nothing where that is None.

    From every organisation, remove the invitations that have expired, which nobody can use any more.

    The service alone may. A stretch of a space has a transaction and an event of its own, and all spaces have their
    turn before a space has its next one. Raises Unavailable.
    """

    spaces: Spaces
    open_trash: OpenTrash
    scribe: Scribe
    clock: Clock
    kept: timedelta | None

    async def __call__(self) -> None:
        await in_turns(self.spaces.behind, self._purge)

    async def _purge(self, space_id: SpaceId) -> bool:
        """Remove a stretch; tell whether there may be more."""
        notes, now = Notes(Action.PURGE), self.clock()
        async with self.open_trash(space_id) as trash:
            purged = 0 if self.kept is None else await trash.purge(now - self.kept, STRETCH)
            expired = await trash.remove_invitations(now, STRETCH - purged)
            if purged:
                notes.did(space_id, emptied_deed(purged))
                await self.scribe.write_all(trash.audit, notes, by=None, origin=_BY_ITSELF)
        self.scribe.note_growth(notes)
        return purged + expired == STRETCH
