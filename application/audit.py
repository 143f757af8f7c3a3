"""Reading the logs, and making sure that nobody has touched them."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from application.listing import Bookmarks, Listing, bound, list_onward
from application.ports.audit import AuditLog, AuditQuery, OpenLog, SealTaken
from application.ports.cursors import Cursors
from application.ports.identity import OpenIdentity
from application.ports.spaces import OpenSpace
from application.recording.scribe import Unsealed
from domain.access import Actor, Permission
from domain.audit import AuditEvent, Seal, Verdict, verify
from domain.ids import EventId, SpaceId, id_before

_AT_ONCE = 100
_RECENT: Final = timedelta(minutes=1)
_MOST_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class ListEvents:
    """Show the log of a space, the newest first. Everybody may see their own, admins and owners their organisation's.

    Raises RoleTooLow, CursorRefused.
    """

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str | None, query: AuditQuery, cursor: str = ""
    ) -> Listing[AuditEvent]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.MANAGE_SPACE)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "audit", _said(query)))
            return await list_onward(space.audit.find, query, cursor, bookmarks)


@dataclass(frozen=True, slots=True)
class ListAccountEvents:
    """Show sign-ins, changes of accounts and refusals of everybody. Administrators may.

    Nobody's items are in it. Raises NotAnAdministrator, CursorRefused.
    """

    open_identity: OpenIdentity
    cursors: Cursors

    async def __call__(self, actor: Actor, query: AuditQuery, cursor: str = "") -> Listing[AuditEvent]:
        async with self.open_identity(actor, read_only=True) as identity:
            (await identity.users.get(actor.user_id)).require_administrator()
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, None, "audit", _said(query)))
            return await list_onward(identity.accounts_log.find, query, cursor, bookmarks)


def _said(query: AuditQuery) -> str:
    """What is asked for, the stretch aside."""
    return repr(replace(query, limit=0))


@dataclass(frozen=True, slots=True)
class SealLog:
    """Seal what a log has grown by; no writer waits for it. The service alone may.

    ``recently`` leaves alone what is older than a minute: so the look is short, however long the log.
    """

    open_log: OpenLog

    async def __call__(self, space_id: SpaceId, *, recently: bool = False) -> None:
        while await self._seal_some(space_id, recently=recently):
            pass

    async def _seal_some(self, space_id: SpaceId, *, recently: bool) -> bool:
        """Seal a stretch, and tell whether there may be more. The log is open for writing only when all is ready."""
        async with self.open_log(space_id, read_only=True) as log:
            seal = await log.last_seal()
            after = EventId(id_before(seal.event_id, _RECENT)) if recently and seal else None
            events, seals = await log.unsealed(_AT_ONCE, after=after), list[Seal]()
        for event in events:
            seal = Seal.of(event, after=seal)
            seals.append(seal)
        if seals:
            try:
                async with self.open_log(space_id) as log:
                    await log.add_seals(seals)
            except SealTaken:
                return True  # Another process is sealing; what it leaves is ours.
        return len(events) == _AT_ONCE


@dataclass(frozen=True, slots=True)
class SealGrownLogs:
    """Seal every log that has grown in this process, the first time all of it. The service alone may."""

    seal_log: SealLog
    unsealed: Unsealed
    looked_over: set[SpaceId] = field(default_factory=set)
    """The logs of which everything old is sealed."""

    async def __call__(self) -> None:
        grown = list(self.unsealed.take())
        try:
            while grown:
                await self.seal_log(grown[-1], recently=grown[-1] in self.looked_over)
                self._remember(grown.pop())
        finally:
            for space_id in grown:  # The database does not answer: the next time.
                self.unsealed.add(space_id)

    def _remember(self, space_id: SpaceId) -> None:
        if len(self.looked_over) >= _MOST_REMEMBERED:
            self.looked_over.clear()
        self.looked_over.add(space_id)


@dataclass(frozen=True, slots=True)
class InspectLog:
    """Look a log over, seal by seal. The operator may; others come in through VerifyLog."""

    open_log: OpenLog
    seal_log: SealLog

    async def __call__(self, space_id: SpaceId) -> Verdict:
        await self.seal_log(space_id)
        checked, last = 0, None
        async with self.open_log(space_id, read_only=True) as log:
            while chain := await self._next(log, last):
                verdict = verify(chain, after=last)
                checked += verdict.checked
                if not verdict.valid:
                    return Verdict(checked, verdict.first_broken)
                last = chain[-1][0]
        return Verdict(checked)

    @staticmethod
    async def _next(log: AuditLog, last: Seal | None) -> list[tuple[Seal, AuditEvent | None]]:
        return await log.chain(last.position if last else 0, _AT_ONCE)


@dataclass(frozen=True, slots=True)
class VerifyLog:
    """Make sure that nobody has touched the log of a space. Those who may read it may.

    Raises RoleTooLow.
    """

    open_space: OpenSpace
    inspect_log: InspectLog

    async def __call__(self, actor: Actor, owner_id: str | None) -> Verdict:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.MANAGE_SPACE)
            space_id = space.access.space_id
        return await self.inspect_log(space_id)
