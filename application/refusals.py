"""Requests that are refused before any use case sees them, and what is noted of them."""

from dataclasses import dataclass, field

from application.ports.clock import Clock
from application.recording.noted import NotedLately
from application.recording.scribe import Scribe
from domain.access import Actor
from domain.audit import Action, Deed, Outcome, Resource
from domain.ids import personal_space


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
