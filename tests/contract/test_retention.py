"""The exam of the ports of retention: every space is found, and the trash of each is purged by itself."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.memory.retention import MemoryOpenTrash, MemorySpaces
from adapters.memory.spaces import MemoryOpenSpace
from adapters.sql.retention import SqlOpenTrash, SqlSpaces
from adapters.sql.spaces import SqlOpenSpace
from application.ports.audit import AuditQuery
from application.ports.retention import OpenTrash, Spaces
from domain.access import Actor, Role
from domain.audit import Action, AuditEvent, Outcome, Resource
from domain.errors import TaskNotFound
from domain.ids import NOBODY, EventId, InvitationId, SpaceId, personal_space
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.task import Task
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

TICK = timedelta(microseconds=1)


@pytest.fixture
def spaces(store: Store) -> Spaces:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemorySpaces(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlSpaces(door._database)


@pytest.fixture
def open_trash(store: Store) -> OpenTrash:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemoryOpenTrash(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlOpenTrash(door._database)


async def test_every_space_is_found_in_the_order_of_the_ids(people: People, spaces: Spaces) -> None:
    first, *others = [personal_space((await people.somebody()).user_id) for _ in range(3)]
    found: list[SpaceId] = []
    last: SpaceId = SpaceId(NOBODY)
    while some := await spaces.behind(last, 2):
        assert len(some) <= 2
        found += some
        last = some[-1]
    assert found == sorted(found)
    assert {first, *others} <= set(found)
    assert first not in await spaces.behind(first, 9)


async def keep(store: Store, actor: Actor, **parts: Any) -> Task:
    async with store.open_space(actor, None) as space:
        task = a_task(space, **parts)
        await space.tasks.add(task)
    return task


async def in_trash(store: Store, actor: Actor, *tasks: Task) -> list[bool]:
    found = []
    async with store.open_space(actor, None, read_only=True) as space:
        for task in tasks:
            try:
                await space.tasks.trashed(task.id)
            except TaskNotFound:
                found.append(False)
            else:
                found.append(True)
    return found


async def test_the_trash_of_each_space_is_purged_by_itself(store: Store, people: People, open_trash: OpenTrash) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    old, new = await keep(store, somebody, deleted_at=NOON), await keep(store, somebody, deleted_at=NOON + TICK)
    in_use, theirs = await keep(store, somebody), await keep(store, other, deleted_at=NOON)
    async with open_trash(personal_space(somebody.user_id)) as trash:
        assert await trash.purge(NOON - TICK, 9) == 0
        assert await trash.purge(NOON, 9) == 1
    assert await in_trash(store, somebody, old, new) == [False, True]
    assert await in_trash(store, other, theirs) == [True]
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.tasks.get(in_use.id) == in_use


async def test_no_more_than_asked_for_goes_at_once(store: Store, people: People, open_trash: OpenTrash) -> None:
    somebody = await people.somebody()
    for _ in range(3):
        await keep(store, somebody, deleted_at=NOON)
    async with open_trash(personal_space(somebody.user_id)) as trash:
        assert [await trash.purge(NOON, 2) for _ in range(3)] == [2, 1, 0]


async def test_what_is_purged_is_written_down_with_it_or_stays(
    store: Store, people: People, open_trash: OpenTrash
) -> None:
    somebody = await people.somebody()
    task, own = await keep(store, somebody, deleted_at=NOON), personal_space(somebody.user_id)
    event = AuditEvent(
        id=EventId(new_id()),
        space_id=own,
        at=NOON,
        actor_id=None,
        action=Action.PURGE,
        outcome=Outcome.SUCCESS,
        resource_type=Resource.TASK,
        resource_id=None,
        ip_address=None,
        user_agent=None,
        request_id=None,
        changes={"count": 1},
    )

    async def purge(*, fails: bool) -> None:
        async with open_trash(own) as trash:
            await trash.purge(NOON, 9)
            await trash.audit.append(event)
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await purge(fails=True)
    assert await in_trash(store, somebody, task) == [True]
    await purge(fails=False)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert list(await space.audit.find(AuditQuery())) == [event]


async def test_what_was_deleted_later_stays_and_so_does_what_has_the_same_ids_elsewhere(
    store: Store, people: People, open_trash: OpenTrash
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    theirs = [await keep(store, other, deleted_at=at) for at in (NOON, NOON, NOON, NOON + TICK)]
    mine = [await keep(store, somebody, id=task.id, deleted_at=task.deleted_at) for task in theirs]
    async with open_trash(personal_space(somebody.user_id)) as trash:
        assert [await trash.purge(NOON, 2) for _ in range(3)] == [2, 1, 0]
    assert await in_trash(store, somebody, *mine) == [False, False, False, True]
    assert await in_trash(store, other, *theirs) == [True] * 4


async def found(store: Store, owner: Actor, *expiring: datetime) -> tuple[SpaceId, list[Invitation]]:
    """An organisation with invitations that expire then, whose ids are the same wherever they are."""
    firm = Organization(id=SpaceId(new_id()), name=OrganizationName("Firm"), created_at=NOON, updated_at=NOON)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(
            firm, Membership(space_id=firm.id, user_id=owner.user_id, role=Role.OWNER, joined_at=NOON)
        )
    made = [
        Invitation(
            id=InvitationId(UUID(int=number)),
            space_id=firm.id,
            role=Role.MEMBER,
            token_hash=bytes([number]),
            created_by=owner.user_id,
            created_at=NOON - TICK,
            expires_at=at,
            closed_at=NOON if number % 2 else None,
        )
        for number, at in enumerate(expiring, start=1)
    ]
    async with store.open_space(owner, str(firm.id)) as space:
        for invitation in made:
            await space.invitations.add(invitation)
    return firm.id, made


async def known(store: Store, owner: Actor, firm: SpaceId, made: list[Invitation]) -> list[bool]:
    async with store.open_space(owner, str(firm), read_only=True) as space:
        return [await space.invitations.with_token(one.token_hash) is not None for one in made]


async def test_invitations_that_have_expired_are_removed_from_their_space_alone(
    store: Store, people: People, open_trash: OpenTrash
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    firm, made = await found(store, somebody, NOON, NOON, NOON, NOON + TICK)
    elsewhere, theirs = await found(store, other, NOON, NOON, NOON, NOON + TICK)
    async with open_trash(firm) as trash:
        assert await trash.remove_invitations(NOON - TICK, 9) == 0
        assert [await trash.remove_invitations(NOON, 2) for _ in range(3)] == [2, 1, 0]
    assert await known(store, somebody, firm, made) == [False, False, False, True]
    assert await known(store, other, elsewhere, theirs) == [True] * 4


async def test_good_invitations_do_not_hide_those_that_have_expired(
    store: Store, people: People, open_trash: OpenTrash
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    firm, made = await found(store, somebody, NOON + TICK, NOON)
    await found(store, other, NOON, NOON + TICK)
    async with open_trash(firm) as trash:
        assert await trash.remove_invitations(NOON, 1) == 1
    assert await known(store, somebody, firm, made) == [True, False]


@pytest.mark.parametrize("store", ["postgres_as_service"], indirect=True)
async def test_what_somebody_else_holds_is_purged_the_next_time(
    store: Store, people: People, open_trash: OpenTrash
) -> None:
    somebody = await people.somebody()
    held, _ = [await keep(store, somebody, deleted_at=NOON) for _ in range(2)]
    async with asyncio.timeout(4), store.open_space(somebody, None) as space:
        await space.tasks.trashed(held.id)
        async with open_trash(personal_space(somebody.user_id)) as trash:
            assert await trash.purge(NOON, 9) == 1
    async with open_trash(personal_space(somebody.user_id)) as trash:
        assert await trash.purge(NOON, 9) == 1
