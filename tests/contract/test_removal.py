"""The exam of removal: what is removed is gone for everybody at once, and its contents go a little at a time."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryOpenLog
from adapters.memory.removal import MemoryOpenRemains, MemoryRemovals
from adapters.memory.retention import MemorySpaces
from adapters.memory.spaces import MemoryOpenSpace
from adapters.sql.audit import SqlOpenLog
from adapters.sql.removal import SqlOpenRemains, SqlRemovals
from adapters.sql.retention import SqlSpaces
from adapters.sql.spaces import SqlOpenSpace
from application.ports.audit import OpenLog
from application.ports.removal import OpenRemains, Removals
from application.ports.retention import Spaces
from application.ports.spaces import Space
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.document import Document
from domain.errors import NotAuthenticated, SpaceForbidden
from domain.ids import DocumentId, InvitationId, SpaceId, TagId, TaskId, UserId, personal_space
from domain.organization import Invitation, Membership, Organization, OrganizationName
from domain.quotas import Quota
from domain.setting import Setting, SettingKey, SettingValue
from domain.tag import Tag, TagName
from domain.task import Title
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

FIRST = UUID(int=0)
COUNTED = (Quota.TASKS, Quota.TAGS, Quota.DOCUMENTS, Quota.SETTINGS)
each_way = pytest.mark.parametrize("way", ["organisation", "account"])


@pytest.fixture
def removals(store: Store) -> Removals:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemoryRemovals(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlRemovals(door._database)


@pytest.fixture
def open_remains(store: Store) -> OpenRemains:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemoryOpenRemains(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlOpenRemains(door._database)


@pytest.fixture
def spaces(store: Store) -> Spaces:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemorySpaces(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlSpaces(door._database)


@pytest.fixture
def open_log(store: Store) -> OpenLog:
    door = store.open_space
    if isinstance(door, MemoryOpenSpace):
        return MemoryOpenLog(door._store)
    assert isinstance(door, SqlOpenSpace)
    return SqlOpenLog(door._database)


async def found(store: Store, owner: Actor, *members: Actor) -> SpaceId:
    """An organisation with an invitation."""
    made = Organization(id=SpaceId(new_id()), name=OrganizationName("Firm"), created_at=NOON, updated_at=NOON)
    first = Membership(space_id=made.id, user_id=owner.user_id, role=Role.OWNER, joined_at=NOON)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(made, first)
    async with store.open_space(owner, str(made.id)) as space:
        for member in members:
            await space.members.add(replace(first, user_id=member.user_id, role=Role.MEMBER))
        await space.invitations.add(an_invitation(made.id, owner))
    return made.id


def an_invitation(space_id: SpaceId, maker: Actor) -> Invitation:
    return Invitation(
        id=InvitationId(new_id()),
        space_id=space_id,
        role=Role.MEMBER,
        token_hash=b"token",
        created_by=maker.user_id,
        created_at=NOON,
        expires_at=NOON,
    )


async def fill(store: Store, actor: Actor, space_id: SpaceId, many: int) -> None:
    """So many items of each kind, with the same keys in whichever space."""
    async with store.open_space(actor, str(space_id)) as space:
        for number in range(1, many + 1):
            await one_of_each(space, number)


async def one_of_each(space: Space, number: int) -> None:
    key = UUID(int=number)
    await space.tasks.add(a_task(space, id=TaskId(key), assignee_id=space.access.user_id))
    name = TagName(f"tag {number}")
    await space.tags.add(Tag.create({"name": name}, id=TagId(key), by=space.access, at=NOON))
    await space.documents.add(Document.create({"title": Title("a")}, id=DocumentId(key), by=space.access, at=NOON))
    setting = Setting.create(SettingKey(f"key-{number}"), SettingValue("1"), by=space.access, at=NOON)
    await space.settings.add_unless_there(setting)


async def held_in(store: Store, actor: Actor, space_id: SpaceId) -> list[int]:
    async with store.open_space(actor, str(space_id), read_only=True) as space:
        return [await space.usage.of(quota, 99) for quota in COUNTED]


async def remove(store: Store, actor: Actor, space_id: SpaceId, limit: int) -> None:
    if space_id != personal_space(actor.user_id):
        async with store.open_space(actor, str(space_id)) as space:
            await space.charter.dissolve(at=NOON, limit=limit)
    else:
        async with store.open_identity(actor) as identity:
            user = await identity.users.get(actor.user_id)
            await identity.users.remove(user, at=NOON, limit=limit)


async def all_left(removals: Removals, at_once: int = 1) -> list[SpaceId]:
    found: list[SpaceId] = []
    while some := await removals.behind(found[-1] if found else FIRST, at_once):
        assert len(some) <= at_once
        found += some
    assert found == sorted(set(found))
    return found


async def cleared(open_remains: OpenRemains, space_id: SpaceId, limit: int) -> int:
    async with open_remains(space_id) as remains:
        return await remains.clear(limit)


async def is_shut(store: Store, actor: Actor, space_id: SpaceId) -> bool:
    shut = []
    for read_only in (True, False):
        try:
            async with store.open_space(actor, str(space_id), read_only=read_only):
                shut.append(False)
        except (SpaceForbidden, NotAuthenticated):
            shut.append(True)
    return all(shut)


async def a_removal(store: Store, people: People, way: str, limit: int) -> tuple[Actor, Actor, SpaceId]:
    """Somebody, another one, and a space of the first with twelve items that has been removed with this limit."""
    somebody, other = await people.somebody(), await people.somebody()
    firm = await found(store, somebody)
    where = firm if way == "organisation" else personal_space(somebody.user_id)
    await fill(store, somebody, where, 3)
    await fill(store, other, personal_space(other.user_id), 3)
    await remove(store, somebody, where, limit)
    return somebody, other, where


@each_way
async def test_what_is_removed_is_gone_at_once_and_its_contents_go_a_little_at_a_time_whatever_has_the_same_keys(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains, way: str
) -> None:
    somebody, other, where = await a_removal(store, people, way, 3)
    assert await is_shut(store, somebody, where)
    assert where in await all_left(removals)
    counts = [await cleared(open_remains, where, 2) for _ in range(6)]
    assert counts == [2, 2, 2, 2, 1, 0]
    assert where not in await all_left(removals)
    assert await held_in(store, other, personal_space(other.user_id)) == [3, 3, 3, 3]


@each_way
async def test_what_fits_into_the_limit_is_gone_with_it(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains, way: str
) -> None:
    somebody, _, where = await a_removal(store, people, way, 13)
    assert await is_shut(store, somebody, where)
    assert where not in await all_left(removals)
    assert await cleared(open_remains, where, 99) == 0


@each_way
async def test_a_removed_space_has_no_end_of_the_trash_and_no_refusals(
    store: Store, people: People, spaces: Spaces, open_log: OpenLog, way: str
) -> None:
    _, other, where = await a_removal(store, people, way, 1)
    there = await spaces.behind(UUID(int=where.int - 1), 1)
    assert where not in there
    assert personal_space(other.user_id) in await spaces.behind(UUID(int=other.user_id.int - 1), 1)
    async with open_log(where) as log:
        assert not await log.has_space()


async def test_a_space_that_nobody_has_removed_is_not_cleared(
    store: Store, people: People, open_remains: OpenRemains
) -> None:
    await a_removal(store, people, "organisation", 0)
    somebody = await people.somebody()
    own = personal_space(somebody.user_id)
    await fill(store, somebody, own, 1)
    assert await cleared(open_remains, own, 99) == 0
    assert await held_in(store, somebody, own) == [1, 1, 1, 1]


async def test_with_an_organisation_its_memberships_and_invitations_end_at_once(store: Store, people: People) -> None:
    owner, member = await people.somebody(), await people.somebody()
    firm, kept = await found(store, owner, member), await found(store, owner, member)
    await fill(store, owner, firm, 3)
    await remove(store, owner, firm, 0)
    for actor in (owner, member):
        assert await is_shut(store, actor, firm)
        async with store.open_identity(actor, read_only=True) as identity:
            assert [one.organization.id for one in await identity.organizations.of(actor.user_id)] == [kept]
    async with store.open_identity(None) as identity:
        reception = await identity.reception(firm, member.user_id)
        assert await reception.invitations.with_token(b"token") is None
        reception = await identity.reception(kept, member.user_id)
        assert await reception.invitations.with_token(b"token") is not None


async def test_with_an_account_its_address_is_free_at_once(store: Store, people: People) -> None:
    user = await people.register()
    actor = await people.sign_in(user)
    await fill(store, actor, personal_space(user.id), 3)
    await remove(store, actor, personal_space(user.id), 0)
    again = await people.register(email=user.email)
    assert await held_in(store, await people.sign_in(again), personal_space(again.id)) == [0, 0, 0, 0]


async def test_a_removal_that_is_undone_leaves_everything(store: Store, people: People, removals: Removals) -> None:
    owner = await people.somebody()
    firm = await found(store, owner)
    await fill(store, owner, firm, 3)

    async def dissolve_and_fail() -> None:
        async with store.open_space(owner, str(firm)) as space:
            await space.charter.dissolve(at=NOON, limit=2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await dissolve_and_fail()
    assert await held_in(store, owner, firm) == [3, 3, 3, 3]
    assert firm not in await all_left(removals, 9)


async def test_a_stretch_that_is_interrupted_is_done_the_next_time(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains
) -> None:
    _, _, where = await a_removal(store, people, "organisation", 1)

    async def clear_and_fail() -> None:
        async with open_remains(where) as remains:
            assert await remains.clear(99) == 11
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await clear_and_fail()
    assert where in await all_left(removals, 9)
    assert await cleared(open_remains, where, 99) == 11


# Those who have left for good


async def depart(store: Store, actor: Actor, *firms: SpaceId) -> None:
    """Leave organisations for good, with the tasks that one is assigned there."""
    async with store.open_identity(actor) as identity:
        for firm in firms:
            interior = await identity.inside(firm)
            await interior.note_departure(actor.user_id)
            await interior.members.remove(actor.user_id)


async def two_departures(store: Store, people: People) -> tuple[Actor, SpaceId, list[Actor]]:
    owner, *guests = [await people.somebody() for _ in range(3)]
    firm, other = await found(store, owner, *guests), await found(store, owner, *guests)
    for space_id in (firm, other):
        async with store.open_space(owner, str(space_id)) as space:
            for person in (owner, *guests):
                await space.tasks.add(a_task(space, assignee_id=person.user_id))
    for guest in guests:
        await depart(store, guest, firm)
    return owner, firm, sorted(guests, key=lambda guest: guest.user_id)


async def assigned(store: Store, owner: Actor, firm: SpaceId) -> list[UserId | None]:
    async with store.open_space(owner, str(firm), read_only=True) as space:
        return sorted((one.assignee_id for one in (await space.tasks.find(TaskQuery())).items), key=str)


async def test_whoever_has_left_for_good_is_found_until_that_is_settled(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains
) -> None:
    owner, firm, guests = await two_departures(store, people)
    async with open_remains(firm) as remains:
        assert await remains.clear(99) == 0
        assert await remains.departed() == guests[0].user_id
        assert len(await remains.unassign(guests[0].user_id, at=NOON, limit=9)) == 1
        await remains.settle(guests[0].user_id)
        assert await remains.departed() == guests[1].user_id
    assert firm in await all_left(removals)
    assert await assigned(store, owner, firm) == sorted([owner.user_id, guests[1].user_id, None], key=str)
    async with open_remains(firm) as remains:
        await remains.settle(guests[1].user_id)
        assert await remains.departed() is None
    assert firm not in await all_left(removals)


async def test_what_one_has_left_in_one_organisation_is_settled_there_alone(
    store: Store, people: People, open_remains: OpenRemains
) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    here, there = await found(store, owner, guest), await found(store, owner, guest)
    await depart(store, guest, here, there)
    async with open_remains(here) as remains:
        await remains.settle(guest.user_id)
        assert await remains.departed() is None
    async with open_remains(there) as remains:
        assert await remains.departed() == guest.user_id


async def test_every_space_is_found_whatever_is_left_in_it_and_however_many_at_once(
    store: Store, people: People, removals: Removals
) -> None:
    expected = {(await two_departures(store, people))[1] for _ in range(2)}
    expected.add((await a_removal(store, people, "organisation", 0))[2])
    for at_once in (1, 2, 3, 9):
        assert expected <= set(await all_left(removals, at_once))


async def test_what_people_have_left_goes_with_the_organisation(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains
) -> None:
    owner, firm, _ = await two_departures(store, people)
    await remove(store, owner, firm, 0)
    while await cleared(open_remains, firm, 1):
        pass
    assert firm not in await all_left(removals)
    async with open_remains(firm) as remains:
        assert await remains.departed() is None


# Several at once


@pytest.mark.parametrize("store", ["postgres_as_service"], indirect=True)
async def test_what_another_process_is_at_is_left_to_it(
    store: Store, people: People, open_remains: OpenRemains
) -> None:
    _, _, where = await a_removal(store, people, "organisation", 1)
    _, firm, guests = await two_departures(store, people)
    async with asyncio.timeout(4), open_remains(where) as one, open_remains(firm) as another:
        assert await one.clear(1) == 1
        assert await another.departed() == guests[0].user_id
        assert await cleared(open_remains, where, 99) == 0
        async with open_remains(firm) as third:
            assert await third.departed() is None
    assert await cleared(open_remains, where, 99) == 10


@pytest.mark.parametrize("store", ["postgres_as_service", "postgres_bypassing"], indirect=True)
async def test_what_is_written_by_somebody_who_was_in_before_goes_too(
    store: Store, people: People, removals: Removals, open_remains: OpenRemains
) -> None:
    owner, member = await people.somebody(), await people.somebody()
    firm = await found(store, owner, member)
    await fill(store, owner, firm, 3)
    async with asyncio.timeout(4), store.open_space(member, str(firm)) as space:
        await remove(store, owner, firm, 2)
        await space.tasks.add(a_task(space))
        assert await cleared(open_remains, firm, 2) == 2, "neither waits for the other"
        await space.tasks.add(a_task(space))
    assert [await cleared(open_remains, firm, 5) for _ in range(3)] == [5, 5, 0]
    assert firm not in await all_left(removals)
