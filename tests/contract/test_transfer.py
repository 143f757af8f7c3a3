"""The exam of the port Neighbour: what one sees of another space, and how a task goes there."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.memory.audit import MemoryOpenLog
from adapters.memory.spaces import MemoryOpenSpace
from adapters.sql.audit import SqlOpenLog
from adapters.sql.postgres import PostgresConnection
from adapters.sql.query import Query
from adapters.sql.spaces import SqlOpenSpace
from adapters.sql.sqlite_connection import SqliteConnection
from application.organizations import RemoveMember
from application.ports.audit import AuditQuery, OpenLog
from application.ports.reading import OpenedForReading
from application.ports.spaces import Space
from application.ports.tasks import TaskQuery
from application.recording.scribe import Scribe, Unsealed
from application.recording.spaces import RecordingOpenSpace
from application.tasks import TransferTask
from domain.access import Actor, Role
from domain.audit import Action, Resource
from domain.errors import NotFound, StaleVersion, TaskNotFound
from domain.ids import NOBODY, SpaceId, TagId, UserId, personal_space
from domain.organization import Membership, Organization, OrganizationName
from domain.tag import Tag, TagName
from domain.task import Task, Title
from tests.support.people import ROOM, People, a_task, new_id
from tests.support.stores import NOON, Store

SECOND: Final = timedelta(seconds=1)


class Interrupted(Exception):
    """Something goes wrong inside a space."""


async def found(store: Store, owner: Actor) -> SpaceId:
    """A new organisation."""
    now = store.clock()
    id_ = SpaceId(new_id())
    organization = Organization(id=id_, name=OrganizationName("Firm"), created_at=now, updated_at=now)
    membership = Membership(space_id=id_, user_id=owner.user_id, role=Role.OWNER, joined_at=now)
    async with store.open_identity(owner) as identity:
        await identity.organizations.add(organization, membership)
    return id_


async def keep(store: Store, actor: Actor, owner_id: SpaceId | None = None) -> Task:
    """A new task in a space."""
    async with store.open_space(actor, _named(owner_id)) as space:
        task = a_task(space, tags=(TagName("x"), TagName("Y")))
        await space.tasks.add(task)
    return task


def moved(task: Task, to: SpaceId) -> Task:
    return replace(task, space_id=to, version=task.version + 1, updated_at=task.updated_at + SECOND)


async def tasks_in(store: Store, actor: Actor, owner_id: SpaceId | None = None) -> list[Task]:
    async with store.open_space(actor, _named(owner_id), read_only=True) as space:
        return list((await space.tasks.find(TaskQuery())).items)


def _named(owner_id: SpaceId | None) -> str | None:
    return None if owner_id is None else str(owner_id)


# What one sees


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("role", list(Role))
async def test_a_member_is_what_they_are_there(store: Store, people: People, role: Role, *, read_only: bool) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    here, there = await found(store, guest), await found(store, owner)
    await people.let_in(guest.user_id, there, role)
    for owner_id in (None, here, there):
        async with store.open_space(guest, _named(owner_id), read_only=read_only) as space:
            relation = (await space.neighbour(there)).relation
            assert (relation.role, relation.is_acquaintances) == (role, False)
            assert relation.may_give is (role is not Role.VIEWER)


async def test_everybody_is_the_owner_of_their_own_space_seen_from_elsewhere(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    firm = await found(store, owner)
    await people.let_in(guest.user_id, firm, Role.VIEWER)
    for owner_id in (None, firm):
        async with store.open_space(guest, _named(owner_id)) as space:
            relation = (await space.neighbour(personal_space(guest.user_id))).relation
            assert relation.role is Role.OWNER
            assert relation.may_give


@pytest.mark.parametrize("mine", [Role.VIEWER, Role.OWNER])
@pytest.mark.parametrize("theirs", [Role.VIEWER, Role.MEMBER])
async def test_whoever_shares_an_organization_is_an_acquaintance(
    store: Store, people: People, mine: Role, theirs: Role
) -> None:
    owner, one, other = [await people.somebody() for _ in range(3)]
    await found(store, one)
    firm = await found(store, owner)
    await people.let_in(one.user_id, firm, mine)
    await people.let_in(other.user_id, firm, theirs)
    async with store.open_space(one, None) as space:
        relation = (await space.neighbour(personal_space(other.user_id))).relation
        assert (relation.role, relation.is_acquaintances, relation.may_give) == (None, True, True)


@pytest.mark.parametrize("who", ["stranger", "foreign organization", "left", "dissolved", "unknown", "nobody"])
async def test_strangers_and_nobody_look_the_same(store: Store, people: People, who: str) -> None:
    somebody, stranger, left = [await people.somebody() for _ in range(3)]
    firm, foreign, dissolved = await found(store, somebody), await found(store, stranger), await found(store, somebody)
    await people.let_in(stranger.user_id, dissolved, Role.MEMBER)
    await people.let_in(left.user_id, firm, Role.MEMBER)
    await people.put_out(left.user_id, firm)
    async with store.open_space(somebody, str(dissolved)) as space:
        await space.charter.dissolve(at=NOON, limit=99)
    to = {
        "stranger": personal_space(stranger.user_id),
        "foreign organization": foreign,
        "left": personal_space(left.user_id),
        "dissolved": dissolved,
        "unknown": SpaceId(new_id()),
        "nobody": SpaceId(NOBODY),
    }[who]
    for owner_id in (None, firm):
        async with store.open_space(somebody, _named(owner_id)) as space:
            relation = (await space.neighbour(to)).relation
            assert (relation.role, relation.is_acquaintances, relation.may_give) == (None, False, False)


async def test_a_neighbour_knows_its_members_only(store: Store, people: People) -> None:
    owner, guest, stranger = [await people.somebody() for _ in range(3)]
    firm = await found(store, owner)
    await people.let_in(guest.user_id, firm, Role.VIEWER)
    async with store.open_space(owner, None) as space:
        neighbour = await space.neighbour(firm)
        members = [await neighbour.has_member(one.user_id) for one in (owner, guest, stranger)]
        assert members == [True, True, False]
        assert not await neighbour.has_member(UserId(NOBODY))
        theirs = await space.neighbour(personal_space(guest.user_id))
        assert [await theirs.has_member(one.user_id) for one in (guest, owner)] == [True, False]


async def test_whoever_has_looked_next_door_is_still_where_they_were(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    firm = await found(store, owner)
    await people.let_in(guest.user_id, firm, Role.MEMBER)
    task = await keep(store, owner)
    async with store.open_space(owner, None) as space:
        neighbour = await space.neighbour(personal_space(guest.user_id))
        await neighbour.has_member(guest.user_id)
        assert await space.tasks.get(task.id) == task
        await space.tasks.add(a_task(space))
    assert len(await tasks_in(store, owner)) == 2


# How a task goes there


async def test_an_assignee_who_is_removed_while_a_task_comes_has_it_no_more(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    here, there = await found(store, owner), await found(store, owner)
    for space_id in (here, there):
        await people.let_in(guest.user_id, space_id, Role.MEMBER)
    async with store.open_space(owner, str(here)) as space:
        await space.tasks.add(a_task(space, assignee_id=guest.user_id))
    async with store.open_space(owner, str(here)) as space:
        (task,) = (await space.tasks.find(TaskQuery())).items
        neighbour = await space.neighbour(there)
        assert await neighbour.has_member(guest.user_id)
        remove = RemoveMember(store.open_space, store.clock)
        leaving = asyncio.create_task(remove(owner, str(there), guest.user_id))
        await asyncio.sleep(0.2)
        await neighbour.take(moved(task, there), was=task)
    await leaving
    assert [one.assignee_id for one in await tasks_in(store, owner, there)] == [None]


async def test_a_task_goes_as_it_is(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    firm = await found(store, owner)
    await people.let_in(guest.user_id, firm, Role.MEMBER)
    for receiver, to in ((owner, firm), (guest, personal_space(guest.user_id)), (owner, personal_space(owner.user_id))):
        giver = owner if receiver is guest else guest
        source = None if to == firm else firm
        task = await keep(store, giver, source)
        async with store.open_space(giver, _named(source)) as space:
            await (await space.neighbour(to)).take(moved(task, to), was=task)
        assert task.id not in {one.id for one in await tasks_in(store, giver, source)}
        async with store.open_space(receiver, str(to), read_only=True) as space:
            assert await space.tasks.get(task.id) == moved(task, to)
        async with store.open_space(giver, _named(source), read_only=True) as space:
            with pytest.raises(TaskNotFound):
                await space.tasks.get(task.id)


async def test_a_transfer_that_goes_wrong_leaves_the_task_where_it_was(store: Store, people: People) -> None:
    owner = await people.somebody()
    firm = await found(store, owner)
    task = await keep(store, owner)

    async def move_and_fail(error: BaseException) -> None:
        async with store.open_space(owner, None) as space:
            await (await space.neighbour(firm)).take(moved(task, firm), was=task)
            raise error

    for error in (Interrupted(), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            await move_and_fail(error)
    assert await tasks_in(store, owner) == [task]
    assert await tasks_in(store, owner, firm) == []


@pytest.mark.parametrize("meanwhile", ["changed", "deleted", "elsewhere"])
async def test_what_has_changed_since_it_was_read_does_not_go(store: Store, people: People, meanwhile: str) -> None:
    owner = await people.somebody()
    firm = await found(store, owner)
    task = await keep(store, owner, firm if meanwhile == "elsewhere" else None)
    async with store.open_space(owner, _named(task.space_id)) as space:
        if meanwhile == "changed":
            changed = task.change({"title": Title("new")}, by=space.access, at=store.clock())
            await space.tasks.save(changed, was=task)
        if meanwhile == "deleted":
            await space.tasks.save(task.delete(by=space.access, at=store.clock()), was=task)
    before = await tasks_in(store, owner), await tasks_in(store, owner, firm)
    read = replace(task, space_id=personal_space(owner.user_id))
    other = await found(store, owner)
    async with store.open_space(owner, None) as space:
        with pytest.raises(StaleVersion):
            await (await space.neighbour(other)).take(moved(read, other), was=read)
    assert (await tasks_in(store, owner), await tasks_in(store, owner, firm)) == before
    assert await tasks_in(store, owner, other) == []


async def test_nothing_goes_out_of_a_space_that_was_opened_for_reading(store: Store, people: People) -> None:
    owner = await people.somebody()
    firm = await found(store, owner)
    task = await keep(store, owner)
    async with store.open_space(owner, None, read_only=True) as space:
        with pytest.raises(OpenedForReading):
            await (await space.neighbour(firm)).take(moved(task, firm), was=task)
    assert await tasks_in(store, owner) == [task]


# The whole use case


@pytest.fixture
def open_log(store: Store) -> OpenLog:
    """The door to the logs of the same store."""
    if isinstance(store.open_space, MemoryOpenSpace):
        return MemoryOpenLog(store.open_space._store)
    assert isinstance(store.open_space, SqlOpenSpace)
    return SqlOpenLog(store.open_space._database)


@pytest.fixture
def transfer_task(store: Store, open_log: OpenLog) -> TransferTask:
    scribe = Scribe(store.clock, new_id, open_log, Unsealed())
    return TransferTask(RecordingOpenSpace(store.open_space, scribe), store.clock, new_id, ROOM)


async def test_both_logs_tell_of_a_transfer(
    store: Store, people: People, open_log: OpenLog, transfer_task: TransferTask
) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    firm = await found(store, owner)
    await people.let_in(guest.user_id, firm, Role.VIEWER)
    task = await keep(store, owner, firm)
    transferred = await transfer_task(owner, str(firm), task.id, personal_space(guest.user_id))
    assert await tasks_in(store, guest) == [transferred]
    assert await tasks_in(store, owner, firm) == []
    told = []
    for space_id in (firm, personal_space(guest.user_id)):
        async with open_log(space_id, read_only=True) as log:
            *tags, event = reversed(await log.find(AuditQuery()))
        made = 0 if space_id == firm else len(task.tags)
        assert [(tag.action, tag.resource_type) for tag in tags] == [(Action.CREATE, Resource.TAG)] * made
        told.append((event.action, event.actor_id, event.resource_id, event.changes))
    spaces = {"from": str(firm), "to": str(guest.user_id)}
    assert told == [(Action.TRANSFER, owner.user_id, str(task.id), {"owner_id": spaces})] * 2


async def test_giving_takes_the_same_statements_whichever_tags_the_other_has(
    store: Store, people: People, transfer_task: TransferTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, having, lacking = [await people.somebody() for _ in range(3)]
    firm = await found(store, owner)
    for guest in (having, lacking):
        await people.let_in(guest.user_id, firm, Role.MEMBER)
    async with store.open_space(having, None) as space:
        await space.tags.add_unless_there([tag_of(space, name) for name in ("X", "y")])
    sent: list[str] = []
    for name in ("on_postgres", "on_sqlite"):
        monkeypatch.setattr(Query, name, noting(sent, vars(Query)[name]))
    took = []
    for guest in (having, lacking):
        task = await keep(store, owner)
        sent.clear()
        await transfer_task(owner, None, task.id, personal_space(guest.user_id))
        took.append([*sent])
    assert took[0] == took[1]


def tag_of(space: Space, name: str) -> Tag:
    access = space.access
    return Tag.named(TagName(name), id=TagId(new_id()), space_id=access.space_id, created_by=access.user_id, at=NOON)


def noting(sent: list[str], compiled: Any) -> property:
    """Note which statements are sent."""

    def noted(query: Query) -> Any:
        found = compiled.__get__(query)
        sent.append(found.sql)
        return found

    return property(noted)


async def test_a_task_that_many_hand_over_at_once_goes_once(
    store: Store, people: People, transfer_task: TransferTask
) -> None:
    owner = await people.somebody()
    firm = await found(store, owner)
    guests = [await people.somebody() for _ in range(8)]
    for guest in guests:
        await people.let_in(guest.user_id, firm, Role.ADMIN)
    task = await keep(store, owner, firm)

    async def hand_over(guest: Actor) -> bool:
        try:
            await transfer_task(guest, str(firm), task.id, personal_space(guest.user_id))
        except (NotFound, StaleVersion):
            return False
        return True

    won = await asyncio.gather(*map(hand_over, guests))
    assert sum(won) == 1
    for guest, has_won in zip(guests, won, strict=True):
        assert len(await tasks_in(store, guest)) == has_won
    assert await tasks_in(store, owner, firm) == []


@pytest.mark.parametrize("store", ["sqlite", "postgres_as_service"], indirect=True)
async def test_who_is_an_acquaintance_takes_as_many_statements_however_many_organisations_one_is_in(
    store: Store, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = await people.somebody(), await people.somebody()
    sent: list[str] = []
    for kind in (SqliteConnection, PostgresConnection):
        for name in ("fetch_all", "fetch_one", "step_into", "step_as"):
            _note(monkeypatch, kind, name, sent)
    counts = []
    for _ in range(4):
        await people.let_in(other.user_id, await found(store, one), Role.MEMBER)
        async with store.open_space(one, None) as space:
            sent.clear()
            assert (await space.neighbour(personal_space(other.user_id))).relation.is_acquaintances
            counts.append(list(sent))
    assert counts == counts[:1] * 4
    assert len(counts[0]) <= 4


def _note(monkeypatch: pytest.MonkeyPatch, kind: Any, name: str, sent: list[str]) -> None:
    original = getattr(kind, name)

    async def noting(connection: Any, *arguments: Any, **named: Any) -> Any:
        sent.append(name)
        return await original(connection, *arguments, **named)

    monkeypatch.setattr(kind, name, noting)
