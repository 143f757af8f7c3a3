"""Use cases that are done once more where the store has undone their transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

import pytest

from adapters.memory.spaces import MemoryOpenSpace, MemorySpace
from application.authentication import StartSession
from application.ports.ids import IdGenerator
from application.ports.tasks import TaskQuery
from application.ports.transactions import TransactionRolledBack
from application.repeating import Errand
from application.retrying import is_retried, retried
from application.sessions import EndSession
from domain.access import Actor
from domain.errors import RoleTooLow, Unavailable
from domain.task import Task
from tests.unit.builders import House, a_draft, unhindered

ERRAND = Errand(b"key", b"what is asked for")


class Unlucky(MemoryOpenSpace):
    """A door to spaces where the store undoes as many transactions as it is told to, at their very end."""

    failures = 0
    opened = 0

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[MemorySpace]:
        self.opened += 1
        async with super().__call__(actor, owner_id, read_only=read_only, recalls=recalls) as space:
            yield space
            if self.failures:
                self.failures -= 1
                raise TransactionRolledBack


@pytest.fixture
def door(house: House) -> Unlucky:
    return Unlucky(house.store, house.clock)


async def titles(house: House, actor: Actor) -> list[str]:
    return [task.title for task in (await house.app.list_tasks(actor, None, TaskQuery())).items]


async def test_what_the_store_has_undone_is_done_once_more(house: House, door: Unlucky) -> None:
    ann, door.failures = await house.somebody("ann"), 1
    await replace(house.app.create_task, open_space=door)(ann, None, a_draft("once"))
    assert await titles(house, ann) == ["once"]
    assert door.opened == 2


async def test_what_the_store_has_undone_twice_is_refused(house: House, door: Unlucky) -> None:
    ann, door.failures = await house.somebody("ann"), 2
    with pytest.raises(Unavailable):
        await replace(house.app.create_task, open_space=door)(ann, None, a_draft())
    assert await titles(house, ann) == []
    assert door.opened == 2


def in_words(task: Task) -> bytes:
    return str(task.id).encode()


@pytest.mark.parametrize("failures", [0, 1, 2])
async def test_a_request_with_a_key_is_done_once_more_as_a_whole(house: House, door: Unlucky, failures: int) -> None:
    ann, door.failures = await house.somebody("ann"), failures
    create_task = replace(house.app.create_task, open_space=door)

    async def create() -> bool:
        answer = await house.app.answer_once(
            ann, ERRAND, create_task, lambda create: create(ann, None, a_draft("once")), in_words
        )
        return answer.is_repeated

    if failures == 2:
        with pytest.raises(Unavailable):
            await create()
    assert not await create()
    assert door.opened == failures + 1
    assert await create()
    assert await titles(house, ann) == ["once"]


@pytest.mark.parametrize(("error", "calls"), [(TransactionRolledBack(), 2), (Unavailable(), 1), (RoleTooLow(), 1)])
async def test_nothing_else_is_done_once_more(error: Exception, calls: int) -> None:
    @retried
    @dataclass(frozen=True, slots=True)
    class Fail:
        calls: list[Exception]

        async def __call__(self) -> None:
            self.calls.append(error)
            raise error

    fail = Fail([])
    with pytest.raises(type(error)):
        await fail()
    assert len(fail.calls) == calls


@dataclass
class UnluckyIds:
    """Ids whose making fails so many times: within the transaction, and not at its end."""

    new_id: IdGenerator
    failures: int

    def __call__(self) -> UUID:
        if self.failures:
            self.failures -= 1
            raise TransactionRolledBack
        return self.new_id()


@pytest.mark.parametrize("has_key", [False, True])
async def test_what_fails_within_a_transaction_begins_again_with_the_transaction(
    house: House, door: Unlucky, *, has_key: bool
) -> None:
    ann, ids = await house.somebody("ann"), UnluckyIds(house.app.create_task.new_id, failures=1)
    create_task = replace(house.app.create_task, open_space=door, new_id=ids)
    app, draft = house.app, a_draft("once")
    if has_key:
        await unhindered(app.answer_once(ann, ERRAND, create_task, lambda create: create(ann, None, draft), in_words))
    else:
        await create_task(ann, None, draft)
    assert await titles(house, ann) == ["once"]
    assert door.opened == 2


def test_a_use_case_tells_whether_it_is_called_once_more() -> None:
    assert is_retried(EndSession)
    assert not is_retried(StartSession)
