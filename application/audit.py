"""Reading the logs, and making sure that nobody has touched them."""

from dataclasses import dataclass, replace

from application.listing import Bookmarks, Listing, bound, list_onward
from application.ports.audit import AuditQuery
from application.ports.cursors import Cursors
from application.ports.identity import OpenIdentity
from application.ports.spaces import OpenSpace
from application.retrying import retried
from application.verifying import InspectLog
from domain.access import Actor, Permission
from domain.audit import AuditEvent
from domain.seals import Verdict
from domain.shares import share_of_actor


@retried
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


@retried
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
        return await self.inspect_log(space_id, share=share_of_actor(actor))
