"""An application in memory, and in it an organisation with somebody in every role."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from adapters.memory.application import application_in_memory
from adapters.memory.store import Contents, MemoryStore
from adapters.system.clock import SetClock
from adapters.system.ids import CountingIdGenerator
from application.facade import Application
from domain.access import Actor, Role
from domain.ids import SpaceId, UserId
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.task import Task, TaskDraft, Title
from domain.user import Email, Password

NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(minutes=1)
TICK: Final = timedelta(microseconds=1)
PASSWORD: Final = Password("correct horse battery")


class CrowdedStore(MemoryStore):
    """Let everybody else go on whenever a transaction has begun."""

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        async with super().begin(read_only=read_only) as contents:
            await asyncio.sleep(0)
            yield contents


class DigestedTokens:
    """Tokens that cannot be told from what is stored of them."""

    def __init__(self) -> None:
        self._count = 0

    def new(self) -> str:
        self._count += 1
        return f"secret-{self._count}"

    def hash(self, token: str) -> bytes:
        return hashlib.sha256(token.encode()).digest()


def a_draft(title: str = "Water the plants", **details: Any) -> TaskDraft:
    """What a task is made from."""
    draft: Any = {"title": Title(title)} | details
    return cast("TaskDraft", draft)


class Office:
    """Everything that can be done, and the people of one organisation.

    ``viewer``, ``member``, ``colleague`` (a member, too), ``admin`` and ``owner`` are in it, ``removed`` was a member
    and ``stranger`` never was.
    """

    def __init__(self) -> None:
        self.clock = SetClock(NOON)
        self.store = CrowdedStore()
        self.app = _with_digested_tokens(application_in_memory(self.clock, CountingIdGenerator(), store=self.store))
        self.people: dict[str, Actor] = {}
        self.id = ""

    async def open(self) -> None:
        """Found the organisation, and let everybody in who belongs there."""
        founder = self.people["owner"] = await self.somebody("owner")
        self.id = str((await self.app.found_organization(founder, OrganizationName("Firm"))).id)
        roles = {"viewer": Role.VIEWER, "admin": Role.ADMIN} | dict.fromkeys(
            ("member", "colleague", "removed"), Role.MEMBER
        )
        for name, role in roles.items():
            self.people[name] = await self.somebody(name)
            await self.let_in(self.people[name], role)
        await self.app.remove_member(founder, self.id, self.people["removed"].user_id)
        self.people["stranger"] = await self.somebody("stranger")

    def __getitem__(self, name: str) -> Actor:
        return self.people[name]

    @property
    def space_id(self) -> SpaceId:
        """The organisation's id, as an id."""
        return SpaceId(UUID(self.id))

    async def somebody(self, name: str) -> Actor:
        """Somebody new, signed in."""
        await self.app.register(Email(f"{name}@example.org"), PASSWORD, None)
        return await self.sign_in(name)

    async def sign_in(self, name: str) -> Actor:
        """Somebody who is registered, in a new session."""
        pair = await self.app.sign_in(f"{name}@example.org", PASSWORD)
        return self.app.authenticate(pair.access_token)

    async def another(self, founder: Actor, name: str = "Another") -> str:
        """Another organisation, founded by somebody; tells how it is named."""
        return str((await self.app.found_organization(founder, OrganizationName(name))).id)

    async def let_in(self, guest: Actor, role: Role) -> Membership:
        """Have the owner invite somebody, who accepts."""
        invited = await self.app.invite(self["owner"], self.id, role)
        return await self.app.accept_invitation(guest, invited.token)

    async def a_task(self, maker: str = "owner", **details: Any) -> Task:
        """A task that somebody makes in the organisation."""
        return await self.app.create_task(self[maker], self.id, a_draft(**details))

    async def contents(self) -> Contents:
        """Everything that is kept."""
        async with self.store.begin(read_only=True) as contents:
            return contents

    async def kept(self) -> Mapping[str, object]:
        """What is kept of organisations and of everything in spaces."""
        contents = await self.contents()
        return {part: getattr(contents, part) for part in ("organizations", "memberships", "invitations", "tasks")}

    async def organization(self) -> Organization:
        """The organisation as it is kept."""
        return (await self.contents()).organizations[self.space_id]

    async def roles(self) -> Mapping[UserId, Role]:
        """Who is in the organisation, and as what."""
        kept = (await self.contents()).memberships
        return {user_id: one.role for (space_id, user_id), one in kept.items() if space_id == self.space_id}

    async def invitation(self, id: object) -> Invitation:
        """An invitation as it is kept."""
        kept = (await self.contents()).invitations.values()
        return next(one for one in kept if one.id == id)

    async def task(self, task: Task) -> Task:
        """A task as it is kept."""
        return (await self.contents()).tasks[task.space_id, task.id]


def _with_digested_tokens(app: Application) -> Application:
    tokens = DigestedTokens()
    return replace(
        app,
        invite=replace(app.invite, tokens=tokens),
        accept_invitation=replace(app.accept_invitation, tokens=tokens),
        register=replace(app.register, tokens=tokens),
    )
