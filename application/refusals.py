"""Requests that are refused before any use case sees them, and what is noted of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from application.ports.clock import Clock
from application.recording.scribe import Scribe
from domain.access import Actor
from domain.audit import Action, Deed, Outcome, Resource
from domain.ids import SessionId, personal_space

_BETWEEN_NOTES: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 10_000


class NotedLately:
    """When a kind of refusal was noted last for a session, as far as this process noted it."""

    def __init__(self, room: int = _MOST_REMEMBERED) -> None:
        self._room = room
        self._noted: dict[tuple[SessionId, str], datetime] = {}

    def is_due(self, session_id: SessionId, reason: str, at: datetime) -> bool:
        """Tell whether it is to be noted, and take it as noted: once a minute. The oldest are forgotten first."""
        kind = (session_id, reason)
        last = self._noted.get(kind)
        if last is not None and last <= at < last + _BETWEEN_NOTES:
            return False
        self._noted.pop(kind, None)
        if len(self._noted) >= self._room:
            del self._noted[next(iter(self._noted))]
        self._noted[kind] = at
        return True


@dataclass(frozen=True, slots=True)
class RecordForgery:
    """Note in the caller's own log that a request of their session was refused because another page may have sent it.

    Everybody who is signed in may, and CheckSession comes first. It is noted once a minute for each session and reason.
    """

    scribe: Scribe
    clock: Clock
    noted: NotedLately = field(default_factory=NotedLately)

    async def __call__(self, actor: Actor, reason: str) -> None:
        if not self.noted.is_due(actor.session_id, reason, self.clock()):
            return
        denied = Deed(
            action=Action.UPDATE,
            resource_type=Resource.SESSION,
            resource_id=str(actor.session_id),
            outcome=Outcome.DENIED,
            changes={"reason": reason},
        )
        own = personal_space(actor.user_id)
        await self.scribe.write_apart(denied, space_id=own, by=actor.user_id, origin=actor.origin)
