"""Changes of very many rows: a bounded number in each transaction, each written down with its count."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from application.ports.tasks import TaskFilters
from application.ports.transactions import TransactionRolledBack
from application.stretches import in_stretches
from domain.access import Actor, Role
from domain.audit import Action, AuditEvent
from domain.document import Content
from domain.errors import LastOwner, NotFound, PartlyDone, RoleTooLow, TagNotFound, Unavailable
from domain.ids import UserId, personal_space
from domain.organization import OrganizationName
from domain.tag import TagName
from domain.task import Title
from tests.unit.application.stores import FailingStore
from tests.unit.builders import PASSWORD, House, a_draft


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows in each stretch."""
    for module in ("accounts", "bulk", "organizations", "stretches", "tags", "trash"):
        monkeypatch.setattr(f"application.{module}.STRETCH", 3)


@pytest.fixture
def house() -> House:
    return House(FailingStore())


async def fill(house: House, actor: Actor, owner_id: str | None, many: int, **details: Any) -> list[Any]:
    return [
        await house.app.create_task(actor, owner_id, a_draft(f"task {number}", **details)) for number in range(many)
    ]


async def trash(house: House, actor: Actor, many: int) -> None:
    for task in await fill(house, actor, None, many):
        await house.app.delete_task(actor, None, task.id)


async def news(house: House, use: Awaitable[object]) -> list[AuditEvent]:
    """What is written down meanwhile, in order."""
    before = await _events(house)
    await use
    after = await _events(house)
    return [after[key] for key in sorted(after.keys() - before.keys())]


async def _events(house: House) -> dict[Any, AuditEvent]:
    async with house.store.begin(read_only=True) as contents:
        return {event.id: event for event in contents.audit_events.values()}


@pytest.mark.parametrize("many", [0, 2, 3, 7])
async def test_a_trash_is_emptied_stretch_by_stretch_and_the_number_is_true(house: House, many: int) -> None:
    ann = await house.somebody("ann")
    await trash(house, ann, many)
    kept = await fill(house, ann, None, 1)
    emptied: list[int] = []

    async def use() -> None:
        emptied.append(await house.app.empty_trash(ann, None, everything=True))

    events = await news(house, use())
    assert emptied == [many]
    assert list((await house.contents()).tasks) == [(personal_space(ann.user_id), kept[0].id)]
    assert [event.action for event in events] == [Action.PURGE] * len(events)
    assert [event.resource_id for event in events] == [None] * len(events)
    counts = [event.changes["count"] for event in events]
    assert sum(counts) == many
    assert all(0 < count <= 3 for count in counts)


@pytest.mark.parametrize("many", [0, 2, 3, 7])
async def test_what_fits_goes_to_the_trash_stretch_by_stretch(house: House, many: int) -> None:
    ann = await house.somebody("ann")
    await fill(house, ann, None, many, tags=(TagName("old"),))
    other = (await fill(house, ann, None, 1))[0]
    deleted: list[int] = []

    async def use() -> None:
        deleted.append(await house.app.delete_found_tasks(ann, None, TaskFilters(tags=frozenset({"old"}))))

    events = await news(house, use())
    assert deleted == [many]
    tasks = (await house.contents()).tasks.values()
    assert [task.id for task in tasks if task.deleted_at is None] == [other.id]
    assert sum(event.changes["count"] for event in events) == many
    assert {event.action for event in events} <= {Action.DELETE}


@pytest.mark.parametrize("many", [0, 2, 3, 7])
async def test_a_member_who_goes_has_no_task_any_more(house: House, many: int) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    firm = str((await house.app.found_organization(ann, OrganizationName("Firm"))).id)
    invited = await house.app.invite(ann, firm, Role.MEMBER)
    await house.app.accept_invitation(ben, invited.token)
    await fill(house, ann, firm, many, assignee_id=ben.user_id)
    events = await news(house, house.app.remove_member(ann, firm, ben.user_id))
    contents = await house.contents()
    assert [task.assignee_id for task in contents.tasks.values()] == [None] * many
    assert ben.user_id not in {user_id for space_id, user_id in contents.memberships if str(space_id) == firm}
    assert sum(event.changes.get("count", 0) for event in events) == many
    assert [event.action for event in events][-1] is Action.LEAVE


async def test_a_removal_that_is_refused_takes_no_task(house: House) -> None:
    ann = await house.somebody("ann")
    firm = str((await house.app.found_organization(ann, OrganizationName("Firm"))).id)
    await fill(house, ann, firm, 7, assignee_id=ann.user_id)
    with pytest.raises(LastOwner):
        await house.app.remove_member(ann, firm, ann.user_id)
    with pytest.raises(LastOwner):
        await house.app.close_account(ann, PASSWORD)
    assert {task.assignee_id for task in (await house.contents()).tasks.values()} == {ann.user_id}


@pytest.mark.parametrize("many", [0, 2, 3, 7])
async def test_a_tag_is_deleted_with_the_last_of_its_tasks(house: House, many: int) -> None:
    ann = await house.somebody("ann")
    tag = await house.app.create_tag(ann, None, {"name": TagName("old")})
    await fill(house, ann, None, many, tags=(TagName("old"), TagName("new")))
    await house.app.delete_tag(ann, None, tag.id)
    assert [task.tags for task in (await house.contents()).tasks.values()] == [("new",)] * many
    with pytest.raises(TagNotFound):
        await house.app.get_tag(ann, None, tag.id)


@pytest.mark.parametrize("late", [1, 3, 5])
async def test_a_tag_that_is_put_on_tasks_again_while_it_is_deleted_comes_off_those_too(
    house: House, late: int
) -> None:
    ann = await house.somebody("ann")
    early = await fill(house, ann, None, late)
    tag = await house.app.create_tag(ann, None, {"name": TagName("old")})
    await fill(house, ann, None, 7, tags=(TagName("old"),))
    use, opened = house.app.delete_tag, 0

    def open_space(*whom: Any, **how: Any) -> Any:
        nonlocal opened
        opened += 1
        return between(opened, *whom, **how)

    @asynccontextmanager
    async def between(number: int, *whom: Any, **how: Any) -> AsyncIterator[Any]:
        if number == 2:
            for task in early:
                await house.app.change_task(ann, None, task.id, {"tags": (TagName("old"),)})
        async with use.open_space(*whom, **how) as space:
            yield space

    await type(use)(open_space, use.clock)(ann, None, tag.id)
    assert {task.tags for task in (await house.contents()).tasks.values()} == {()}
    assert not (await house.contents()).tags


async def test_a_tag_is_renamed_on_all_of_its_tasks_or_on_none(house: House) -> None:
    ann = await house.somebody("ann")
    tag = await house.app.create_tag(ann, None, {"name": TagName("old")})
    await fill(house, ann, None, 7, tags=(TagName("old"),))
    events = await news(house, house.app.change_tag(ann, None, tag.id, {"name": TagName("new")}))
    assert {task.tags for task in (await house.contents()).tasks.values()} == {("new",)}
    assert [event.changes["count"] for event in events if "count" in event.changes] == [3, 3, 1]


async def owner_of_much(house: House) -> tuple[Actor, str]:
    """Somebody with an organisation, and ten things in each of their spaces."""
    ann = await house.somebody("ann")
    firm = str((await house.app.found_organization(ann, OrganizationName("Firm"))).id)
    for owner_id in (None, firm):
        await fill(house, ann, owner_id, 5, tags=(TagName("a"), TagName("b")), assignee_id=ann.user_id)
        for _ in range(3):
            await house.app.create_document(ann, owner_id, {"title": Title("a"), "content": Content("b")})
    return ann, firm


Use = Callable[[House, Actor, str], Awaitable[object]]
USES: dict[str, Use] = {
    "delete by filter": lambda house, ann, firm: house.app.delete_found_tasks(
        ann, firm, TaskFilters(), everything=True
    ),
}


@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
async def test_what_is_interrupted_is_done_in_part_and_can_be_repeated(house: House, use: Use) -> None:
    ann, firm = await owner_of_much(house)
    store = house.store
    assert isinstance(store, FailingStore)
    store.good_for = 1
    with pytest.raises(PartlyDone):
        await use(house, ann, firm)
    store.good_for = 0
    with pytest.raises(Unavailable) as refused:
        await use(house, ann, firm)
    assert type(refused.value) is Unavailable, "nothing was done this time"
    store.good_for = 10**9
    await use(house, ann, firm)
    tasks = (await house.contents()).tasks.items()
    assert not [task for (space_id, _), task in tasks if str(space_id) == firm and task.deleted_at is None]


async def test_a_stretch_that_the_store_has_undone_is_done_once_more() -> None:
    outcomes: list[int | Exception] = [3, TransactionRolledBack(), 3, TransactionRolledBack(), 1]

    async def change() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert await in_stretches(change) == 7
    outcomes[:] = [3, TransactionRolledBack(), TransactionRolledBack()]
    with pytest.raises(PartlyDone):
        await in_stretches(change)


async def test_a_right_that_is_lost_on_the_way_ends_it(house: House) -> None:
    ann, firm = await owner_of_much(house)
    use = house.app.delete_found_tasks
    opened = 0

    @asynccontextmanager
    async def demoting(*whom: Any, **how: Any) -> AsyncIterator[Any]:
        nonlocal opened
        opened += 1
        if opened == 2:
            await _demote(house, firm, ann.user_id)
        async with use.open_space(*whom, **how) as space:
            yield space

    with pytest.raises(RoleTooLow):
        await type(use)(demoting, use.clock)(ann, firm, TaskFilters(), everything=True)
    tasks = (await house.contents()).tasks.items()
    assert sum(task.deleted_at is not None for _, task in tasks) == 3


async def _demote(house: House, firm: str, user_id: UserId) -> None:
    async with house.store.begin(read_only=False) as contents:
        for key, membership in contents.memberships.items():
            if (str(key[0]), key[1]) == (firm, user_id):
                contents.memberships[key] = type(membership)(
                    space_id=key[0], user_id=user_id, role=Role.MEMBER, joined_at=membership.joined_at
                )
                return
    raise NotFound
