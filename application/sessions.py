"""What people see of their own sign-ins, and how they end them."""

from collections.abc import Sequence
from dataclasses import dataclass

from application.ports.clock import Clock
from application.ports.identity import OpenIdentity
from application.retrying import retried
from domain.access import Actor
from domain.audit import Action
from domain.errors import SessionNotFound
from domain.ids import SessionId
from domain.session import Session


@retried
@dataclass(frozen=True, slots=True)
class ListSessions:
    """List the caller's sessions that are alive, the one used last first. Everybody who is signed in may."""

    open_identity: OpenIdentity
    clock: Clock

    async def __call__(self, actor: Actor) -> Sequence[Session]:
        now = self.clock()
        async with self.open_identity(actor, read_only=True) as identity:
            return [session for session in await identity.sessions.of(actor.user_id) if session.is_alive(at=now)]


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
