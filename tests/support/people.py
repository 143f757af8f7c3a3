"""People who use a store, made directly through its doors."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from application.ports.identity import Credentials
from application.ports.spaces import Space
from application.room import Room
from domain.access import Actor, Role
from domain.ids import SessionId, SpaceId, TaskId, UserId
from domain.quotas import Quotas
from domain.session import RefreshToken, Session, SessionLimits
from domain.task import Task, Title
from domain.user import Email, User, UserRole
from tests.support.stores import NOON, Store

LIMITS = SessionLimits(idle=timedelta(days=7), total=timedelta(days=30), grace=timedelta(seconds=10))

ROOM = Room(Quotas({}), lambda: NOON)
"""Room without end."""


def new_id() -> UUID:
    return uuid7()


def new_email() -> Email:
    return Email(f"{uuid7().hex}@example.org")


def a_task(space: Space, title: str = "a task", *, at: datetime = NOON, **details: Any) -> Task:
    """A task of the space, not kept yet."""
    task = Task.create({"title": Title(title)}, id=TaskId(new_id()), by=space.access, at=at)
    return replace(task, **details)


@dataclass
class People:
    """Opens accounts and sessions in one store."""

    store: Store

    def a_user(self, *, email: Email | None = None) -> User:
        """An account that is not kept yet."""
        return User.register(
            id=UserId(new_id()),
            email=email or new_email(),
            full_name=None,
            role=UserRole.USER,
            at=self.store.clock(),
        )

    def a_session(self, user: User) -> tuple[Session, RefreshToken]:
        """A session with its first refresh token, not kept yet."""
        now = self.store.clock()
        session = Session.begin(id=SessionId(new_id()), user_id=user.id, limits=LIMITS, at=now)
        return session, RefreshToken(hash=new_id().bytes * 2, session_id=session.id, issued_at=now)

    async def register(self, *, email: Email | None = None) -> User:
        """An account that is kept."""
        user = self.a_user(email=email)
        async with self.store.open_identity(None) as identity:
            await identity.users.add(Credentials(user, "a hash"))
        return user

    async def sign_in(self, user: User) -> Actor:
        """The user, in a session that is kept."""
        session, token = self.a_session(user)
        async with self.store.open_identity(None) as identity:
            await identity.sessions.add(session, token)
        return Actor(user.id, session.id)

    async def somebody(self) -> Actor:
        """A new person, signed in."""
        return await self.sign_in(await self.register())

    async def deactivate(self, user: User) -> None:
        """Switch an account off."""
        async with self.store.open_identity(None) as identity:
            await identity.users.save(replace(user, is_active=False))

    async def let_in(self, user_id: UserId, space_id: SpaceId, role: Role) -> None:
        """Make somebody a member of a space, or change their role."""
        await self.store.set_role(space_id, user_id, role)

    async def put_out(self, user_id: UserId, space_id: SpaceId) -> None:
        """Remove somebody from a space."""
        await self.store.set_role(space_id, user_id, None)
