"""Requests that may be sent twice and are done once."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from application.authentication import CheckSession
from application.ports.clock import Clock
from application.ports.replies import Replies, Reply
from application.ports.transactions import TransactionRolledBack
from application.retrying import HeldDoor
from domain.access import Actor
from domain.errors import KeyReused, StillRunning
from domain.ids import UserId

UseCase = TypeVar("UseCase")
Result = TypeVar("Result")

REMEMBERED: Final = timedelta(hours=24)
_DOORS: Final = ("open_space", "open_identity")


@dataclass(frozen=True, slots=True)
class Errand:
    """A request that its sender may send again: the hash of the key they gave it, and what tells it from others."""

    key_hash: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered, in the words of whoever took it, and whether it was answered so before."""

    text: bytes = field(repr=False)
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class AnswerOnce:
    """Do what an errand asks for, unless that has been done; then answer as the first time.

    Whoever may do it may, with keys of their own. ``perform`` calls the use case it is given, which opens one
    transaction; ``write`` puts the result into words, which are kept in that transaction. Raises StillRunning,
    KeyReused, and whatever the use case raises: then nothing is kept, and the key can be used again.
    """

    check_session: CheckSession
    clock: Clock
    running: set[tuple[UserId, bytes]] = field(default_factory=set)
    """What is being done in this process. Between processes the store tells."""

    async def __call__(
        self,
        actor: Actor,
        errand: Errand,
        use_case: UseCase,
        perform: Callable[[UseCase], Awaitable[Result]],
        write: Callable[[Result], bytes],
    ) -> Answer:
        mine = (actor.user_id, errand.key_hash)
        if mine in self.running:
            await self.check_session(actor)  # Whoever is not signed in any more is told that, and nothing else.
            raise StillRunning
        self.running.add(mine)
        try:
            return await self._answer(errand, use_case, perform, write)
        except TransactionRolledBack:
            return await self._answer(errand, use_case, perform, write)
        finally:
            self.running.discard(mine)

    async def _answer(
        self,
        errand: Errand,
        use_case: UseCase,
        perform: Callable[[UseCase], Awaitable[Result]],
        write: Callable[[Result], bytes],
    ) -> Answer:
        try:
            async with AsyncExitStack() as stack:
                work = _Work(errand, self.clock(), stack)
                text = write(await perform(work.behind_doors_of(use_case)))
                await work.keep(text)
        except _AnsweredBefore as before:
            return Answer(before.reply.answer, is_repeated=True)
        return Answer(text, is_repeated=False)


class _AnsweredBefore(Exception):
    """Nothing is left to do. Raised at the door, so that the use case ends there."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply


@dataclass(slots=True)
class _Work:
    """An errand in its transaction, which stays open until the answer is kept in it, too."""

    errand: Errand
    at: datetime
    stack: AsyncExitStack
    opened: list[Replies] = field(default_factory=list)

    def behind_doors_of(self, use_case: UseCase) -> UseCase:
        """The use case with doors that leave it to this work to close them."""
        doors = {name: _HeldDoor(getattr(use_case, name), self) for name in _DOORS if hasattr(use_case, name)}
        held: UseCase = replace(use_case, **doors)  # type: ignore[type-var] # a test knows that use cases are dataclasses
        return held

    async def enter(self, door: AbstractAsyncContextManager[Any]) -> Any:
        """What is behind the door, once it is certain that the errand has not been done."""
        behind = await self.stack.enter_async_context(door)
        replies: Replies = behind.replies
        if not await replies.hold(self.errand.key_hash):
            raise StillRunning
        before = await replies.get(self.errand.key_hash, at=self.at)
        if before is not None and before.fingerprint != self.errand.fingerprint:
            raise KeyReused
        if before is not None:
            raise _AnsweredBefore(before)
        self.opened.append(replies)
        return behind

    async def keep(self, text: bytes) -> None:
        """Keep the answer with what has been done. A use case with no transaction, or two, is a mistake."""
        (replies,) = self.opened
        reply = Reply(
            key_hash=self.errand.key_hash,
            fingerprint=self.errand.fingerprint,
            answer=text,
            expires_at=self.at + REMEMBERED,
        )
        await replies.add(reply, at=self.at)


@dataclass(frozen=True, slots=True)
class _HeldDoor(HeldDoor):
    """A door that stays open behind the use case: when it closes, it is too late to do the work again."""

    door: Callable[..., AbstractAsyncContextManager[Any]]
    work: _Work

    @asynccontextmanager
    async def __call__(self, *whom: Any, **how: Any) -> AsyncIterator[Any]:
        how.pop("recalls", None)
        yield await self.work.enter(self.door(*whom, **how))
