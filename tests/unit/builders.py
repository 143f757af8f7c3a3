"""What unit tests are made from: moments, people, tasks, and a whole application with doubles that meet its ports."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from hypothesis import settings

from adapters.memory.application import ACCESS_LIFETIME, application_in_memory
from adapters.memory.counters import MemoryCounters
from adapters.memory.errands import MemoryErrands
from adapters.memory.identity import MemoryIdentity, MemoryOpenIdentity
from adapters.memory.mail import MemoryMailer
from adapters.memory.passwords import MemoryPasswords
from adapters.memory.spaces import MemoryOpenSpace, MemorySpace
from adapters.memory.store import Contents, MemoryStore
from adapters.memory.tokens import MemoryAccessTokens
from adapters.system.clock import SetClock
from adapters.system.ids import CountingIdGenerator
from application.authentication import TokenPair
from application.letters import Post
from domain.access import NOWHERE, Access, Actor, Origin, Role
from domain.ids import SessionId, SpaceId, TaskId, UserId, personal_space
from domain.organization import Membership
from domain.session import Session
from domain.shares import Share
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskDraft, TaskStatus, Title
from domain.user import Email, Password, User

_Result = TypeVar("_Result")

NOON: Final = datetime(2026, 5, 1, 12, tzinfo=UTC)
LATER: Final = NOON + timedelta(minutes=1)
TICK: Final = timedelta(microseconds=1)

ANN: Final = UserId(UUID("0190a000-0000-7000-8000-00000000000a"))
BEN: Final = UserId(UUID("0190b000-0000-7000-8000-00000000000b"))
HOME: Final = personal_space(ANN)
TASK: Final = TaskId(UUID("0190c000-0000-7000-8000-00000000000c"))
SESSION: Final = SessionId(UUID("0190d000-0000-7000-8000-00000000000d"))

PASSWORD: Final = Password("correct horse battery")

UNSTORABLE: Final = {
    "NUL": "\x00",
    "first high surrogate": "\ud800",
    "last high surrogate": "\udbff",
    "first low surrogate": "\udc00",
    "last low surrogate": "\udfff",
}
"""Characters that no text may hold."""

few_examples: Final = settings(max_examples=40, derandomize=True, deadline=None, database=None)
"""For properties: the same examples in every run, and not many."""


def access(role: Role = Role.OWNER, *, user_id: UserId = ANN, space_id: SpaceId = HOME) -> Access:
    """Somebody's way into a space."""
    return Access(user_id=user_id, space_id=space_id, role=role)


def a_task(**parts: Any) -> Task:
    """A task of Ann's in her own space, with every default."""
    whole: dict[str, Any] = {
        "id": TASK,
        "space_id": HOME,
        "title": Title("Water the plants"),
        "created_by": ANN,
        "created_at": NOON,
        "updated_at": NOON,
    }
    return Task(**whole | parts)


def a_full_task() -> Task:
    """A task of Ann's where nothing has its default."""
    return a_task(
        description=Description("All of them."),
        status=TaskStatus.COMPLETED,
        completed_at=NOON,
        priority=Priority.URGENT,
        due_date=NOON + timedelta(days=1),
        tags=(TagName("home"), TagName("green")),
        assignee_id=BEN,
        version=7,
    )


def a_draft(title: str = "Water the plants", **details: Any) -> TaskDraft:
    """What a task is made from."""
    draft: Any = {"title": Title(title)} | details
    return cast("TaskDraft", draft)


async def unhindered(work: Awaitable[_Result]) -> _Result:
    """What comes out of work that waits for nobody. Fails instead of waiting for ever."""
    return await asyncio.wait_for(work, timeout=1)


class Interrupted(Exception):
    """Something goes wrong that nobody foresaw."""


class WatchedPasswords(MemoryPasswords):
    """Remember what was asked, and let something happen while they are at work."""

    def __init__(self) -> None:
        super().__init__()
        self.checked: list[str | None] = []
        self.hashed: list[Password] = []
        self.shares: list[Share | None] = []
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def hash(self, password: Password, share: Share | None = None) -> str:
        self.hashed.append(password)
        self.shares.append(share)
        await self._work()
        return await super().hash(password)

    async def verify(self, password: str, password_hash: str | None, share: Share | None = None) -> bool:
        self.checked.append(password_hash)
        self.shares.append(share)
        await self._work()
        return await super().verify(password, password_hash)

    async def _work(self) -> None:
        if self.meanwhile is not None:
            await self.meanwhile()


class WatchedStore(MemoryStore):
    """Count the transactions that are open."""

    open = 0

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        self.open += 1
        try:
            async with super().begin(read_only=read_only) as contents:
                yield contents
        finally:
            self.open -= 1


class CrowdedStore(MemoryStore):
    """Let everybody else go on whenever a transaction has begun."""

    @asynccontextmanager
    async def begin(self, *, read_only: bool) -> AsyncIterator[Contents]:
        async with super().begin(read_only=read_only) as contents:
            await asyncio.sleep(0)
            yield contents


class InterruptedSpace(MemoryOpenSpace):
    """A door to spaces where the transaction fails at its very end."""

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[MemorySpace]:
        async with super().__call__(actor, owner_id, read_only=read_only, recalls=recalls) as space:
            yield space
            raise Interrupted


class InterruptedIdentity(MemoryOpenIdentity):
    """A door to accounts and sessions where the transaction fails at its very end."""

    @asynccontextmanager
    async def __call__(
        self, actor: Actor | None, *, read_only: bool = False, origin: Origin = NOWHERE
    ) -> AsyncIterator[MemoryIdentity]:
        async with super().__call__(actor, read_only=read_only, origin=origin) as identity:
            yield identity
            raise Interrupted


class BrokenAccessTokens(MemoryAccessTokens):
    """Cannot sign anything."""

    def __init__(self) -> None:
        super().__init__(ACCESS_LIFETIME)

    def issue(self, user: User, session_id: SessionId, *, at: datetime) -> str:
        raise Interrupted


class House:
    """The whole application in memory, and a way to arrange what no use case can do yet."""

    def __init__(self, store: MemoryStore | None = None, *, is_limited: bool = False) -> None:
        self.clock = SetClock(NOON)
        self.store = store or MemoryStore()
        self.passwords = WatchedPasswords()
        self.mailer, self.errands = MemoryMailer(), MemoryErrands()
        self.app = application_in_memory(
            self.clock,
            CountingIdGenerator(),
            store=self.store,
            passwords=self.passwords,
            post=Post(self.mailer, self.errands),
            counters=MemoryCounters(self.clock) if is_limited else None,
        )

    async def register(self, name: str) -> User:
        """Open an account at example.org."""
        return await self.app.register(Email(f"{name}@example.org"), PASSWORD, None)

    async def sign_in(self, name: str) -> TokenPair:
        """Start a session of somebody who is registered."""
        return await self.app.sign_in(f"{name}@example.org", PASSWORD)

    async def somebody(self, name: str) -> Actor:
        """Somebody new, signed in."""
        await self.register(name)
        return self.app.authenticate((await self.sign_in(name)).access_token)

    async def let_in(self, guest: Actor, host: Actor, role: Role) -> str:
        """Give somebody a role in another's space; tells how the space is named."""
        space_id = personal_space(host.user_id)
        async with self.store.begin(read_only=False) as contents:
            contents.memberships[space_id, guest.user_id] = Membership(
                space_id=space_id, user_id=guest.user_id, role=role, joined_at=self.clock()
            )
        return str(space_id)

    async def change_account(self, user_id: UserId, *, password_hash: str | None = None, **parts: Any) -> None:
        """Change what no use case can change yet."""
        async with self.store.begin(read_only=False) as contents:
            account = contents.accounts[user_id]
            contents.accounts[user_id] = replace(
                account,
                user=replace(account.user, **parts),
                password_hash=password_hash or account.password_hash,
            )

    async def contents(self) -> Contents:
        """Everything that is kept but the logs, which grow by refusals too."""
        async with self.store.begin(read_only=True) as contents:
            return replace(contents, audit_events={}, audit_seals={}, unsealed_events={})

    async def session(self, actor: Actor) -> Session:
        """The actor's session as it is kept."""
        return (await self.contents()).sessions[actor.session_id]
