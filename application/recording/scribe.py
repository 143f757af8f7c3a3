"""Who writes: turns what was done into events, and notes what the logs have grown by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from application.pausing import in_parts
from application.ports.audit import AuditLog, OpenLog
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from application.recording.noted import NotedLately
from domain.access import Actor, Origin
from domain.audit import Action, AuditEvent, Deed, Outcome, Resource, Source
from domain.errors import DomainError, NotAuthenticated
from domain.ids import EventId, SpaceId, UserId, personal_space
from domain.shares import share_of_origin

_MOST_UNSEALED: Final = 2_000
"""How many events are remembered until they are sealed, besides those that are just being sealed: eight MiB or so."""


class Unsealed:
    """What the logs have grown by since they were sealed, as far as this process wrote it."""

    def __init__(self, room: int = _MOST_UNSEALED) -> None:
        self._room = room
        self._held = 0
        self._grown: dict[SpaceId, list[AuditEvent] | None] = {}

    def add(self, *events: AuditEvent) -> None:
        """Take note of events that are committed. Those for whom there is no room have to be looked up."""
        for event in events:
            if self._held >= self._room:
                self.forget(event.space_id)
                continue
            known = self._grown.setdefault(event.space_id, [])
            if known is not None:
                known.append(event)
                self._held += 1

    def forget(self, space_id: SpaceId) -> None:
        """Only remember of a log that it has grown: by what has to be looked up."""
        self._held -= len(self._grown.get(space_id) or ())
        self._grown[space_id] = None

    def waiting(self) -> Mapping[SpaceId, int | None]:
        """How many events of which spaces are remembered, None where they have to be looked up."""
        return {space_id: None if known is None else len(known) for space_id, known in self._grown.items()}

    def take(self, space_id: SpaceId, most: int) -> Sequence[AuditEvent] | None:
        """The first events of a space that waits, and forget them; None where they have to be looked up.

        What is left of it waits behind all other spaces.
        """
        known = self._grown.pop(space_id)
        if known is None:
            return None
        taken, rest = known[:most], known[most:]
        self._held -= len(taken)
        if rest:
            self._grown[space_id] = rest
        return taken


@dataclass(slots=True)
class Notes:
    """What is being tried behind one door, as far as it is known, and what has been done so far."""

    action: Action
    resource_type: Resource = Resource.SPACE
    resource_id: str | None = None
    deeds: list[tuple[SpaceId, Deed]] = field(default_factory=list)
    events: list[AuditEvent] = field(default_factory=list)
    """What was written down of them."""

    def aim(self, resource_type: Resource, resource_id: object) -> None:
        """Take note of what it is tried on."""
        self.resource_type, self.resource_id = resource_type, str(resource_id)

    def did(self, log: UserId | SpaceId, deed: Deed) -> None:
        """Take note of what has been done, and in whose log it belongs."""
        self.deeds.append((SpaceId(log), deed))


@dataclass(frozen=True, slots=True)
class Scribe:
    """Turns deeds into events, and notes what the logs have grown by."""

    clock: Clock
    new_id: IdGenerator
    open_log: OpenLog
    unsealed: Unsealed
    noted: NotedLately = field(default_factory=NotedLately)

    def _event(self, deed: Deed, *, space_id: SpaceId, by: UserId | None, origin: Origin) -> AuditEvent:
        """What was done. It names an account only where that account did it itself."""
        source = deed.source or origin.source
        return AuditEvent(
            id=EventId(self.new_id()),
            space_id=space_id,
            at=self.clock(),
            actor_id=by if source is Source.USER else None,
            action=deed.action,
            outcome=deed.outcome,
            resource_type=deed.resource_type,
            resource_id=deed.resource_id,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
            request_id=origin.request_id,
            changes=deed.changes,
            source=source,
        )

    async def write_all(self, log: AuditLog, notes: Notes, *, by: UserId | None, origin: Origin) -> None:
        """Append everything that was done."""
        notes.events = await in_parts(
            lambda did: self._event(did[1], space_id=did[0], by=by, origin=origin), notes.deeds
        )
        await log.append(*notes.events)

    def note_growth(self, notes: Notes) -> None:
        """Take note of what the logs have grown by, once that is certain: nobody could seal what is not committed."""
        self.unsealed.add(*notes.events)

    async def write_apart(
        self, deed: Deed, *, space_id: SpaceId, by: UserId | None, origin: Origin, if_exists: bool = False
    ) -> None:
        """Append a deed to a log, in a transaction of its own. Who did it may be unknown.

        With ``if_exists``, the log of a space that is gone stays as it is.
        """
        event = self._event(deed, space_id=space_id, by=by, origin=origin)
        share = share_of_origin(origin) if by is None else by.int
        async with self.open_log(space_id, share=share) as log:
            if if_exists and not await log.has_space():
                return
            await log.append(event)
        self.unsealed.add(event)

    async def write_refusal(self, refusal: DomainError, notes: Notes, actor: Actor) -> None:
        """Note in somebody's own log what they were refused.

        The use of a session that has ended is noted once a minute, and not at all once the account is closed.
        """
        has_ended = isinstance(refusal, NotAuthenticated)
        if has_ended and not self.noted.is_due(actor.session_id, refusal.code, self.clock()):
            return
        deed = Deed(
            action=notes.action,
            resource_type=notes.resource_type,
            resource_id=notes.resource_id,
            outcome=Outcome.DENIED,
            changes={"reason": refusal.code},
        )
        own = personal_space(actor.user_id)
        await self.write_apart(deed, space_id=own, by=actor.user_id, origin=actor.origin, if_exists=has_ended)

    async def write_reading(self, notes: Notes, *, space_id: SpaceId, actor: Actor) -> None:
        """Note in a space's log that somebody has read in it."""
        deed = Deed(action=Action.READ, resource_type=notes.resource_type, resource_id=notes.resource_id)
        await self.write_apart(deed, space_id=space_id, by=actor.user_id, origin=actor.origin)
