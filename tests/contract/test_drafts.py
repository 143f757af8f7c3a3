"""On SQLite, what is recalled of a space keeps the file from nobody: the transaction begins when it is over."""

import asyncio
import gc
import weakref
from contextlib import suppress
from dataclasses import replace

import pytest

from adapters.sql.connection import ConstraintViolated
from adapters.sql.sqlite_draft import SqliteDraft
from application.ports.spaces import RecallFailed, Space
from application.ports.tasks import TaskQuery
from application.tasks import CreateTask
from domain.access import Actor, Role
from domain.errors import NotAuthenticated, RoleTooLow, SpaceForbidden, TaskNotFound
from domain.ids import SpaceId, TagId
from domain.tag import Tag, TagName
from domain.task import Task, Title
from tests.support.people import ROOM, People, a_task, new_id
from tests.support.stores import NOON, Store


@pytest.fixture
def store(sqlite: Store) -> Store:
    return sqlite


async def keeps(store: Store, somebody: Actor, task: Task) -> bool:
    async with store.open_space(somebody, str(task.space_id), read_only=True) as space:
        try:
            return await space.tasks.get(task.id) == task
        except TaskNotFound:
            return False


def is_begun(space: Space) -> bool:
    draft = space._connection  # type: ignore[attr-defined] # what is behind the port
    assert isinstance(draft, SqliteDraft)
    return draft._begun is not None


async def a_member(people: People, owner: Actor) -> tuple[Actor, str]:
    """Somebody who is a member of the owner's space and has been seen there, and how the space is named."""
    member, space_id = await people.somebody(), SpaceId(owner.user_id)
    await people.let_in(member.user_id, space_id, Role.MEMBER)
    async with people.store.open_space(member, str(space_id)):
        pass
    return member, str(space_id)


async def test_nobody_is_kept_waiting_until_it_is_over(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with asyncio.timeout(5), store.open_space(somebody, None, recalls=True) as space:
        mine = a_task(space)
        await space.tasks.add(mine)
        async with store.open_space(other, None) as next_door:
            theirs = a_task(next_door)
            await next_door.tasks.add(theirs)
        assert not is_begun(space)
        assert not await keeps(store, somebody, mine)
        assert await keeps(store, other, theirs)
    assert await keeps(store, somebody, mine)


async def test_who_needs_an_answer_has_it_begin_there(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None, recalls=True) as space:
        first, second = a_task(space), a_task(space)
        await space.tasks.add(first)
        assert [task.id for task in (await space.tasks.find(TaskQuery())).items] == [first.id]
        assert is_begun(space)
        await space.tasks.add(second)
        await space.tasks.save(replace(first, version=2), was=first)
    assert await keeps(store, somebody, replace(first, version=2))
    assert await keeps(store, somebody, second)


@pytest.mark.parametrize("begins", [False, True])
async def test_what_raises_keeps_nothing(store: Store, people: People, *, begins: bool) -> None:
    somebody, tasks = await people.somebody(), []
    with pytest.raises(KeyError):  # noqa: PT012 - whatever it is, it goes through the door
        async with store.open_space(somebody, None, recalls=True) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            if begins:
                await space.tasks.get(tasks[0].id)
            raise KeyError
    assert not await keeps(store, somebody, tasks[0])


@pytest.mark.parametrize("begins", [False, True])
async def test_what_a_constraint_refuses_keeps_nothing(store: Store, people: People, *, begins: bool) -> None:
    somebody, tasks = await people.somebody(), []
    with pytest.raises(ConstraintViolated):  # noqa: PT012 - at the latest where it closes
        async with store.open_space(somebody, None, recalls=True) as space:
            if begins:
                await space.tasks.find(TaskQuery())
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            await space.tasks.add(tasks[0])
    assert not await keeps(store, somebody, tasks[0])


async def test_where_it_cannot_begin_nothing_more_is_done(store: Store, people: People) -> None:
    somebody, tasks = await people.somebody(), []
    with pytest.raises(ConstraintViolated):  # noqa: PT012 - where it closes, too
        async with asyncio.timeout(5), store.open_space(somebody, None, recalls=True) as space:
            tasks += [a_task(space), a_task(space)]
            for task in (tasks[0], tasks[0], tasks[1]):
                await space.tasks.add(task)
            for _ in range(2):
                with suppress(ConstraintViolated):
                    await space.tasks.find(TaskQuery())
                    pytest.fail("it has begun")
            async with store.open_space(somebody, None):
                pass  # The file is free.
            await space.tasks.add(tasks[1])
    for task in tasks:
        assert not await keeps(store, somebody, task)


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("begins", [False, True])
async def test_whose_session_has_ended_is_told_that_and_nothing_else(
    store: Store, people: People, *, begins: bool, raises: bool
) -> None:
    user = await people.register()
    somebody, tasks = await people.sign_in(user), []
    await people.deactivate(user)
    with pytest.raises(NotAuthenticated):  # noqa: PT012 - at the latest where it closes
        async with store.open_space(somebody, None, recalls=True) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            if begins:
                await space.tasks.find(TaskQuery())
            if raises:
                raise RoleTooLow
    again = await people.sign_in(replace(user, is_active=True))
    async with store.open_identity(None) as identity:
        await identity.users.save(user)
    assert not await keeps(store, again, tasks[0])


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("begins", [False, True])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
async def test_whose_role_is_another_one_does_it_again(
    store: Store, people: People, role: Role, *, begins: bool, raises: bool
) -> None:
    owner = await people.somebody()
    member, name = await a_member(people, owner)
    await people.let_in(member.user_id, SpaceId(owner.user_id), role)
    tasks = []
    with pytest.raises(RecallFailed):  # noqa: PT012 - at the latest where it closes
        async with store.open_space(member, name, recalls=True) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            if begins:
                await space.tasks.find(TaskQuery())
            if raises:
                raise RoleTooLow
    assert not await keeps(store, owner, tasks[0])
    async with store.open_space(member, name) as space:
        assert space.access.role is role
    async with store.open_space(member, name, recalls=True) as space:
        assert space.access.role is role


@pytest.mark.parametrize("raises", [False, True])
async def test_who_was_put_out_is_out(store: Store, people: People, *, raises: bool) -> None:
    owner = await people.somebody()
    member, name = await a_member(people, owner)
    await people.put_out(member.user_id, SpaceId(owner.user_id))
    with pytest.raises(SpaceForbidden):  # noqa: PT012 - where it closes
        async with store.open_space(member, name, recalls=True):
            if raises:
                raise RoleTooLow


async def test_a_use_case_takes_nobody_for_what_they_were(store: Store, people: People) -> None:
    create, owner = CreateTask(store.open_space, store.clock, new_id, ROOM), await people.somebody()
    member, name = await a_member(people, owner)
    made = await create(member, name, {"title": Title("t")})
    assert await keeps(store, owner, made)
    await people.let_in(member.user_id, SpaceId(owner.user_id), Role.VIEWER)
    with pytest.raises(RoleTooLow):
        await create(member, name, {"title": Title("t")})
    await people.let_in(member.user_id, SpaceId(owner.user_id), Role.ADMIN)
    assert await keeps(store, owner, await create(member, name, {"title": Title("t")}))
    await people.put_out(member.user_id, SpaceId(owner.user_id))
    with pytest.raises(SpaceForbidden):
        await create(member, name, {"title": Title("t")})


async def test_who_gives_up_has_done_nothing(store: Store, people: People) -> None:
    somebody, tasks = await people.somebody(), []

    async def add_and_wait() -> None:
        async with store.open_space(somebody, None, recalls=True) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            await asyncio.Event().wait()

    adding = asyncio.create_task(add_and_wait())
    await asyncio.sleep(0)
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert not await keeps(store, somebody, tasks[0])


@pytest.mark.parametrize("begins", [False, True])
async def test_nothing_of_it_is_left_to_the_garbage_collector(store: Store, people: People, *, begins: bool) -> None:
    somebody, names = await people.somebody(), [TagName("work")]
    async with store.open_space(somebody, None) as space:
        await space.tags.add(Tag.create({"name": names[0]}, id=TagId(new_id()), by=space.access, at=NOON))
        await space.tags.spelt(names)
    gc.disable()
    try:
        async with store.open_space(somebody, None, recalls=True) as space:
            draft = weakref.ref(space._connection)  # type: ignore[attr-defined] # what is behind the port
            await space.tags.spelt(names)
            await space.tasks.add(a_task(space))
            if begins:
                await space.tasks.find(TaskQuery())
        del space
        assert draft() is None
    finally:
        gc.enable()
