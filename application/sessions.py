"""What people see of their own sign-ins, and how they end them."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from application.listing import Bookmarks, Listing, bound, list_page
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.identity import OpenIdentity
from application.ports.paging import Onward
from application.retrying import retried
from domain.access import Actor
from domain.audit import Action
from domain.errors import SessionNotFound
from domain.ids import SessionId
from domain.session import Session

LONGEST_PAGE: Final = Onward(limit=100)


@retried
@dataclass(frozen=True, slots=True)
class ListSessions:
    """List the caller's sessions that are alive, the one used last first. Everybody who is signed in may.

    Raises CursorRefused.
    """

    open_identity: OpenIdentity
    clock: Clock
    cursors: Cursors

    async def __call__(self, actor: Actor, page: Onward = LONGEST_PAGE, cursor: str | None = None) -> Listing[Session]:
        bookmarks = Bookmarks(self.cursors, bound(actor.user_id, None, "sessions"))
        async with self.open_identity(actor, read_only=True) as identity:
            find = partial(identity.sessions.find, actor.user_id, at=self.clock())
            return await list_page(find, page, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class EndSession:
    """End one of the caller's sessions, on this device or another. Everybody who is signed in may.

    Raises SessionNotFound, the same for somebody else's session, one that has ended and one that never was.
    """

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor, session_id: SessionId) -> None:
        now = self.clock()
        async with self.open_identity(actor) as identity:
            for session in await identity.sessions.of(actor.user_id):
                if session.id == session_id and session.is_alive(at=now):
                    await identity.sessions.end(session.revoke(at=now), Action.LOGOUT)
                    return
            raise SessionNotFound


@retried
@dataclass(frozen=True, slots=True)
class EndAllSessions:
    """End every session of the caller, this one too. Everybody who is signed in may."""

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor) -> None:
        now = self.clock()
        async with self.open_identity(actor) as identity:
            for session in await identity.sessions.of(actor.user_id):
                await identity.sessions.end(session.revoke(at=now), Action.LOGOUT)
