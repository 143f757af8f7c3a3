"""Who writes: turns what was done into events, and notes which logs have grown."""

from dataclasses import dataclass, field

from application.ports.audit import AuditLog, OpenLog
from application.ports.clock import Clock
from application.ports.ids import IdGenerator
from domain.access import Actor, Origin
from domain.audit import Action, AuditEvent, Deed, Outcome, Resource
from domain.errors import DomainError
from domain.ids import EventId, SpaceId, UserId, personal_space


class Unsealed:
    """The spaces whose logs have grown since they were sealed."""

    def __init__(self) -> None:
        self._spaces: set[SpaceId] = set()

    def add(self, space_id: SpaceId) -> None:
        """Take note of a space."""
        self._spaces.add(space_id)

    def take(self) -> set[SpaceId]:
        """All that were noted, and forget them."""
        taken, self._spaces = self._spaces, set()
        return taken


@dataclass(slots=True)
class Notes:
    """What is being tried behind one door, as far as it is known, and what has been done so far."""

    action: Action
    resource_type: Resource = Resource.SPACE
    resource_id: str | None = None
    deeds: list[tuple[SpaceId, Deed]] = field(default_factory=list)

    def aim(self, resource_type: Resource, resource_id: object) -> None:
        """Take note of what it is tried on."""
        self.resource_type, self.resource_id = resource_type, str(resource_id)

    def did(self, log: UserId | SpaceId, deed: Deed) -> None:
        """Take note of what has been done, and in whose log it belongs."""
        self.deeds.append((SpaceId(log), deed))


@dataclass(frozen=True, slots=True)
class Scribe:
    """Turns deeds into events, and notes which logs have grown."""

    clock: Clock
    new_id: IdGenerator
    open_log: OpenLog
    unsealed: Unsealed

    async def write(self, log: AuditLog, deed: Deed, *, space_id: SpaceId, by: UserId | None, origin: Origin) -> None:
        """Append a deed to a log, in the log's transaction."""
        await log.append(self._event(deed, space_id=space_id, by=by, origin=origin))

    def _event(self, deed: Deed, *, space_id: SpaceId, by: UserId | None, origin: Origin) -> AuditEvent:
        return AuditEvent(
            id=EventId(self.new_id()),
            space_id=space_id,
            at=self.clock(),
            actor_id=by,
            action=deed.action,
            outcome=deed.outcome,
            resource_type=deed.resource_type,
            resource_id=deed.resource_id,
            ip_address=origin.ip_address,
            user_agent=origin.user_agent,
            request_id=origin.request_id,
            changes=deed.changes,
        )

    async def write_all(self, log: AuditLog, notes: Notes, *, by: UserId | None, origin: Origin) -> None:
        """Append everything that was done."""
        events = (self._event(deed, space_id=space_id, by=by, origin=origin) for space_id, deed in notes.deeds)
        await log.append(*events)

    def note_growth(self, notes: Notes) -> None:
        """Take note of the logs that have grown, once that is certain: nobody could seal what is not committed."""
        for space_id, _ in notes.deeds:
            self.unsealed.add(space_id)

    async def write_apart(self, deed: Deed, *, space_id: SpaceId, by: UserId | None, origin: Origin) -> None:
        """Append a deed to a log, in a transaction of its own. Who did it may be unknown."""
        async with self.open_log(space_id) as log:
            await self.write(log, deed, space_id=space_id, by=by, origin=origin)
        self.unsealed.add(space_id)

    async def write_refusal(self, refusal: DomainError, notes: Notes, actor: Actor) -> None:
        """Note in somebody's own log what they were refused."""
        deed = Deed(
            action=notes.action,
            resource_type=notes.resource_type,
            resource_id=notes.resource_id,
            outcome=Outcome.DENIED,
            changes={"reason": refusal.code},
        )
        own = personal_space(actor.user_id)
        await self.write_apart(deed, space_id=own, by=actor.user_id, origin=actor.origin)

    async def write_reading(self, notes: Notes, *, space_id: SpaceId, actor: Actor) -> None:
        """Note in a space's log that somebody has read in it."""
        deed = Deed(action=Action.READ, resource_type=notes.resource_type, resource_id=notes.resource_id)
        await self.write_apart(deed, space_id=space_id, by=actor.user_id, origin=actor.origin)
