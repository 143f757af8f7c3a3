"""The exam of the port OpenSpace: who comes in, what they see, and what a transaction keeps."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from application.ports.reading import OpenedForReading
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.errors import MemberNotFound, NotAuthenticated, SpaceForbidden, TaskNotFound
from domain.ids import SessionId, UserId, personal_space
from domain.task import Task, Title
from tests.support.people import People, a_task, new_id
from tests.support.stores import Store


class Interrupted(Exception):
    """Something goes wrong inside a space."""


async def test_everybody_is_the_owner_of_their_own_space(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        assert space.access.role is Role.OWNER
        assert space.access.user_id == somebody.user_id
        assert space.access.space_id == personal_space(somebody.user_id)


async def test_naming_ones_own_id_opens_the_same_space(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
    async with store.open_space(somebody, str(somebody.user_id).upper()) as space:
        assert await space.tasks.get(task.id) == task


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("stranger", ["somebody else", "nobody", "garbage", "nil", "nothing"])
async def test_no_other_space_opens(store: Store, people: People, stranger: str, *, read_only: bool) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    owner_id = {
        "somebody else": str(other.user_id),
        "nobody": str(new_id()),
        "garbage": "tasks'; --",
        "nil": str(UUID(int=0)),
        "nothing": "",
    }[stranger]
    with pytest.raises(SpaceForbidden):
        async with store.open_space(somebody, owner_id, read_only=read_only):
            pytest.fail("the space has opened")


async def test_a_member_comes_in_with_the_role_they_have_now(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    shared = personal_space(owner.user_id)
    for role in (Role.VIEWER, Role.ADMIN, Role.MEMBER):
        await people.let_in(guest.user_id, shared, role)
        for _ in range(2):  # The second time a store may know what to expect.
            async with store.open_space(guest, str(shared)) as space:
                assert space.access.role is role
                assert space.access.user_id == guest.user_id
                assert space.access.space_id == shared


async def test_a_removed_member_is_refused_the_next_time(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    shared = personal_space(owner.user_id)
    await people.let_in(guest.user_id, shared, Role.ADMIN)
    async with store.open_space(guest, str(shared)):
        pass
    await people.put_out(guest.user_id, shared)
    with pytest.raises(SpaceForbidden):
        async with store.open_space(guest, str(shared)):
            pytest.fail("the space has opened")


@pytest.mark.parametrize("owner", ["own", "foreign"])
async def test_a_revoked_session_opens_nothing(store: Store, people: People, owner: str) -> None:
    somebody = await people.somebody()
    async with store.open_identity(somebody) as identity:
        session = await identity.sessions.get(somebody.session_id)
        await identity.sessions.save(session.revoke(at=store.clock()))
    await assert_refused(store, somebody, None if owner == "own" else str(new_id()))


async def test_an_expired_session_opens_nothing(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None):
        pass
    store.clock.advance(timedelta(days=7))
    await assert_refused(store, somebody, None)


async def test_a_session_that_nobody_has_opens_nothing(store: Store, people: People) -> None:
    user = await people.register()
    await assert_refused(store, Actor(user.id, SessionId(new_id())), None)


async def test_somebody_elses_session_opens_nothing(store: Store, people: People) -> None:
    user, other = await people.register(), await people.somebody()
    await assert_refused(store, Actor(user.id, other.session_id), None)


async def test_somebody_elses_session_opens_no_space_that_both_are_members_of(store: Store, people: People) -> None:
    owner, one, other = [await people.somebody() for _ in range(3)]
    shared = personal_space(owner.user_id)
    for guest in (one, other):
        await people.let_in(guest.user_id, shared, Role.MEMBER)
        async with store.open_space(guest, str(shared)):
            pass  # The next time a store may know what to expect.
    await assert_refused(store, Actor(one.user_id, other.session_id), str(shared))


async def test_an_inactive_account_opens_nothing(store: Store, people: People) -> None:
    user = await people.register()
    somebody = await people.sign_in(user)
    await people.deactivate(user)
    await assert_refused(store, somebody, None)


async def assert_refused(store: Store, actor: Actor, owner_id: str | None) -> None:
    for read_only in (True, False):
        with pytest.raises(NotAuthenticated):
            async with store.open_space(actor, owner_id, read_only=read_only):
                pytest.fail("the space has opened")


async def test_an_exception_undoes_everything(store: Store, people: People) -> None:
    somebody = await people.somebody()
    tasks: list[Task] = []

    async def add_and_fail() -> None:
        async with store.open_space(somebody, None) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            raise Interrupted

    with pytest.raises(Interrupted):
        await add_and_fail()
    await assert_not_there(store, somebody, tasks[0])


async def test_an_interruption_undoes_everything(store: Store, people: People) -> None:
    somebody = await people.somebody()
    added = asyncio.Event()
    tasks: list[Task] = []

    async def add_and_wait() -> None:
        async with store.open_space(somebody, None) as space:
            tasks.append(a_task(space))
            await space.tasks.add(tasks[0])
            added.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(add_and_wait())
    await added.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await assert_not_there(store, somebody, tasks[0])


async def test_what_is_written_is_seen_by_nobody_before_the_end(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
        async with store.open_space(somebody, None, read_only=True) as other:
            with pytest.raises(TaskNotFound):
                await other.tasks.get(task.id)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.tasks.get(task.id) == task


async def assert_not_there(store: Store, actor: Actor, task: Task) -> None:
    async with store.open_space(actor, None) as space:
        with pytest.raises(TaskNotFound):
            await space.tasks.get(task.id)


async def test_a_space_opened_for_reading_takes_nothing(store: Store, people: People) -> None:
    somebody = await people.somebody()
    with pytest.raises(OpenedForReading):
        async with store.open_space(somebody, None, read_only=True) as space:
            await space.tasks.add(a_task(space))
    async with store.open_space(somebody, None) as space:
        assert (await space.tasks.find(TaskQuery())).total == 0


async def test_forty_writers_at_once_lose_nothing(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space, title="0")
        await space.tasks.add(task)

    async def count_up() -> None:
        async with store.open_space(somebody, None) as space:
            found = await space.tasks.get(task.id)
            await asyncio.sleep(0)
            title = Title(str(int(found.title) + 1))
            counted = found.change({"title": title}, by=space.access, at=store.clock())
            await space.tasks.save(counted, was=found)

    await asyncio.gather(*(count_up() for _ in range(40)))
    async with store.open_space(somebody, None, read_only=True) as space:
        counted = await space.tasks.get(task.id)
    assert (counted.title, counted.version) == ("40", 41)


async def test_only_members_are_members(store: Store, people: People) -> None:
    owner, guest, stranger = await people.somebody(), await people.somebody(), await people.somebody()
    await people.let_in(guest.user_id, personal_space(owner.user_id), Role.VIEWER)
    async with store.open_space(owner, None) as space:
        for member in (owner, guest):
            assert (await space.members.get(member.user_id)).user_id == member.user_id
        for other in (stranger.user_id, UserId(new_id())):
            with pytest.raises(MemberNotFound):
                await space.members.get(other)
