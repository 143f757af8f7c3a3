"""Many tasks at once, all or nothing; and the trash."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from application.bulk import MOST_AT_ONCE
from application.ports.tasks import TaskFilters
from domain.audit import Action, AuditEvent, Resource
from domain.due import Due, DueIn
from domain.errors import InvalidValue, NotAuthenticated, RoleTooLow, SpaceForbidden, TaskNotFound
from domain.ids import TaskId
from domain.tag import MOST_TAGS, TagName
from domain.task import Priority, Task, TaskStatus
from tests.unit.application.organizations_builders import LATER, Office, a_draft
from tests.unit.builders import NOON, TASK, TICK


@pytest.fixture
async def office() -> Office:
    office = Office()
    await office.open()
    return office


async def trashed(office: Office, maker: str = "member") -> Task:
    """A task of somebody's in the trash."""
    task = await office.a_task(maker)
    await office.app.delete_task(office[maker], office.id, task.id)
    return (await office.contents()).tasks[office.space_id, task.id]


async def news(office: Office, work: Awaitable[object]) -> list[AuditEvent]:
    """What is written down of something."""
    before = (await office.contents()).audit_events
    await work
    after = (await office.contents()).audit_events
    return [after[key] for key in sorted(after.keys() - before.keys(), key=lambda key: key[1])]


async def test_many_tasks_are_made_in_the_order_in_which_they_were_sent(office: Office) -> None:
    drafts = [a_draft(f"task {number}", assignee_id=office["viewer"].user_id) for number in range(MOST_AT_ONCE)]
    tasks = await office.app.create_tasks(office["member"], office.id, drafts)
    assert [task.title for task in tasks] == [draft["title"] for draft in drafts]
    kept = (await office.contents()).tasks
    assert {kept[office.space_id, task.id] for task in tasks} == set(tasks)


async def test_every_one_of_them_is_written_down(office: Office) -> None:
    events = await news(office, office.app.create_tasks(office["member"], office.id, [a_draft(), a_draft()]))
    assert [(event.action, event.resource_type) for event in events] == [(Action.CREATE, Resource.TASK)] * 2


async def test_one_that_is_wrong_is_named_and_none_is_made(office: Office) -> None:
    drafts = [a_draft(), a_draft(assignee_id=office["owner"].user_id), a_draft(assignee_id=office["stranger"].user_id)]
    before = (await office.contents()).tasks
    with pytest.raises(InvalidValue) as refused:
        await office.app.create_tasks(office["member"], office.id, drafts)
    assert (refused.value.reason, refused.value.field) == ("not_a_member", "items/2/assignee_id")
    assert (await office.contents()).tasks == before


async def test_one_with_too_many_tags_is_named_and_none_is_made(office: Office) -> None:
    drafts = [a_draft(tags=(TagName("fine"),)), a_draft(tags=tuple(TagName(f"tag {n}") for n in range(MOST_TAGS + 1)))]
    with pytest.raises(InvalidValue) as refused:
        await office.app.create_tasks(office["member"], office.id, drafts)
    assert (refused.value.reason, refused.value.field) == ("too_many", "items/1/tags")
    assert (await office.contents()).tags == {}


async def test_what_many_tasks_name_is_one_tag_as_it_was_spelt_first(office: Office) -> None:
    named = [("Work", "home"), (), ("WORK", "art"), ("Art", "work", "Home")]
    drafts = [a_draft(tags=tuple(map(TagName, names))) for names in named]
    tasks = await office.app.create_tasks(office["member"], office.id, [*drafts, a_draft()])
    spelt = [("Work", "home"), (), ("Work", "art"), ("art", "Work", "home"), ()]
    assert [task.tags for task in tasks] == spelt
    assert sorted(tag.name for tag in (await office.contents()).tags.values()) == ["Work", "art", "home"]


async def test_together_many_tasks_may_name_more_tags_than_one(office: Office) -> None:
    drafts = [a_draft(tags=(TagName(f"tag {number}"),)) for number in range(MOST_TAGS + 1)]
    tasks = await office.app.create_tasks(office["member"], office.id, drafts)
    assert [task.tags for task in tasks] == [draft["tags"] for draft in drafts]


async def test_many_tasks_are_changed_alike(office: Office) -> None:
    tasks = [await office.a_task(maker) for maker in ("member", "owner", "member")]
    office.clock.now = LATER
    changes: Any = {"status": TaskStatus.COMPLETED, "priority": Priority.HIGH, "assignee_id": office["viewer"].user_id}
    ids = [task.id for task in tasks]
    work = office.app.change_tasks(office["member"], office.id, [*ids, ids[0]], changes)
    events = await news(office, work)
    kept = (await office.contents()).tasks
    for task in tasks:
        changed = kept[office.space_id, task.id]
        assert (changed.status, changed.priority, changed.completed_at) == (TaskStatus.COMPLETED, Priority.HIGH, LATER)
        assert (changed.version, changed.updated_at, changed.assignee_id) == (2, LATER, office["viewer"].user_id)
    assert sorted(event.resource_id or "" for event in events) == sorted(str(id_) for id_ in ids)
    assert {event.action for event in events} == {Action.COMPLETE}


async def test_it_tells_how_many_there_are_and_leaves_those_that_are_so_already(office: Office) -> None:
    done, todo = await office.a_task(status=TaskStatus.COMPLETED), await office.a_task()
    changes: Any = {"status": TaskStatus.COMPLETED}
    assert await office.app.change_tasks(office["member"], office.id, [done.id, todo.id], changes) == 2
    kept = (await office.contents()).tasks
    assert kept[office.space_id, done.id] == done
    assert await news(office, office.app.change_tasks(office["member"], office.id, [done.id], changes)) == []


async def test_nobody_who_is_no_member_is_assigned(office: Office) -> None:
    task = await office.a_task()
    changes: Any = {"assignee_id": office["removed"].user_id}
    with pytest.raises(InvalidValue) as refused:
        await office.app.change_tasks(office["member"], office.id, [task.id], changes)
    assert refused.value.field == "assignee_id"
    assert (await office.contents()).tasks[office.space_id, task.id] == task


async def test_many_tasks_are_put_into_the_trash(office: Office) -> None:
    tasks = [await office.a_task("member") for _ in range(3)]
    office.clock.now = LATER
    assert await office.app.delete_tasks(office["member"], office.id, [task.id for task in tasks]) == 3
    kept = (await office.contents()).tasks
    assert {kept[office.space_id, task.id].deleted_at for task in tasks} == {LATER}


async def test_whoever_may_delete_their_own_only_deletes_none_if_one_is_anothers(office: Office) -> None:
    tasks = [await office.a_task("member"), await office.a_task("colleague")]
    ids = [task.id for task in tasks]
    before = (await office.contents()).tasks
    with pytest.raises(RoleTooLow):
        await office.app.delete_tasks(office["member"], office.id, ids)
    assert (await office.contents()).tasks == before
    assert await office.app.delete_tasks(office["admin"], office.id, ids) == 2


MANY: dict[str, Callable[[Office, str, list[TaskId]], Awaitable[object]]] = {
    "change": lambda office, who, ids: office.app.change_tasks(office[who], office.id, ids, {}),
    "delete": lambda office, who, ids: office.app.delete_tasks(office[who], office.id, ids),
}
for_many = pytest.mark.parametrize("use", MANY.values(), ids=MANY)
Many = Callable[[Office, str, list[TaskId]], Awaitable[object]]


@for_many
async def test_one_that_is_not_in_the_space_is_enough_to_do_nothing(office: Office, use: Many) -> None:
    mine, gone = await office.a_task("owner"), await trashed(office, "owner")
    elsewhere = await office.app.create_task(office["owner"], None, a_draft())
    before = (await office.contents()).tasks
    for wrong in (TASK, gone.id, elsewhere.id):
        with pytest.raises(TaskNotFound):
            await use(office, "owner", [mine.id, wrong])
    assert (await office.contents()).tasks == before


@for_many
async def test_none_and_too_many_are_refused(office: Office, use: Many) -> None:
    for ids in ([], [TASK] * (MOST_AT_ONCE + 1)):
        with pytest.raises(InvalidValue) as refused:
            await use(office, "owner", ids)
        assert (refused.value.reason, refused.value.field) == ("out_of_range", "ids")


async def test_no_drafts_and_too_many_are_refused(office: Office) -> None:
    for drafts in ([], [a_draft()] * (MOST_AT_ONCE + 1)):
        with pytest.raises(InvalidValue) as refused:
            await office.app.create_tasks(office["owner"], office.id, drafts)
        assert (refused.value.reason, refused.value.field) == ("out_of_range", "items")


# The trash


async def test_a_restored_task_is_as_it_was(office: Office) -> None:
    task = await office.a_task("member", priority=Priority.URGENT)
    await office.app.delete_task(office["member"], office.id, task.id)
    office.clock.now = LATER
    (event,) = await news(office, office.app.restore_task(office["member"], office.id, task.id))
    restored = await office.app.get_task(office["viewer"], office.id, task.id)
    assert (restored.deleted_at, restored.version, restored.updated_at) == (None, 3, LATER)
    assert (restored.title, restored.priority, restored.created_at) == (task.title, task.priority, task.created_at)
    assert event.action is Action.RESTORE


async def test_what_fits_every_filter_goes_to_the_trash_and_nothing_else(office: Office) -> None:
    admin, filters = office["admin"], TaskFilters(priorities=frozenset({Priority.HIGH}))
    late, later = [
        await office.a_task(who, priority=Priority.HIGH, due_date=NOON - TICK) for who in ("member", "colleague")
    ]
    others = [
        await office.a_task(priority=Priority.HIGH),
        await office.a_task(due_date=NOON - TICK),
        await office.a_task(priority=Priority.HIGH, due_date=NOON - TICK, status=TaskStatus.CANCELLED),
        await office.app.create_task(admin, None, a_draft(priority=Priority.HIGH, due_date=NOON - TICK)),
    ]
    office.clock.now = LATER
    deleting = office.app.delete_found_tasks(admin, office.id, filters, due=DueIn(Due.OVERDUE))
    (event,) = await news(office, deleting)
    deleted_at = {"from": None, "to": "2026-05-01T12:01:00Z"}
    assert (event.action, event.resource_id) == (Action.DELETE, None)
    assert event.changes == {"deleted_at": deleted_at, "count": 2}
    kept = (await office.contents()).tasks
    for task in (late, later):
        deleted = replace(task, deleted_at=LATER, version=2, updated_at=LATER)
        assert kept[task.space_id, task.id] == deleted
    assert {kept[task.space_id, task.id] for task in others} == set(others)
    assert await office.app.delete_found_tasks(admin, office.id, filters, due=DueIn(Due.OVERDUE)) == 0


NOT_MEANT: dict[str, Callable[[Office], Awaitable[object]]] = {
    "no filter": lambda o: o.app.delete_found_tasks(o["admin"], o.id, TaskFilters()),
    "a filter and all": lambda o: o.app.delete_found_tasks(
        o["admin"], o.id, TaskFilters(priorities=frozenset({Priority.HIGH})), everything=True
    ),
    "a word for when and all": lambda o: o.app.delete_found_tasks(
        o["admin"], o.id, TaskFilters(), due=DueIn(Due.OVERDUE), everything=True
    ),
    "the trash": lambda o: o.app.empty_trash(o["admin"], o.id, everything=False),
}


@pytest.mark.parametrize("what", NOT_MEANT)
async def test_deleting_everything_has_to_be_said_and_with_nothing_else(office: Office, what: str) -> None:
    await office.a_task(priority=Priority.HIGH, due_date=NOON - TICK)
    await trashed(office)
    before = (await office.contents()).tasks
    with pytest.raises(InvalidValue) as refused:
        await NOT_MEANT[what](office)
    assert refused.value.field == "all"
    assert refused.value.reason == ("not_with_filters" if what.endswith("and all") else "missing")
    assert "all=true" in str(refused.value)
    assert (await office.contents()).tasks == before


async def test_where_all_are_meant_every_task_of_the_space_goes(office: Office) -> None:
    elsewhere = await office.app.create_task(office["admin"], None, a_draft())
    for who in ("member", "owner"):
        await office.a_task(who)
    await trashed(office)
    assert await office.app.delete_found_tasks(office["admin"], office.id, TaskFilters(), everything=True) == 2
    kept = (await office.contents()).tasks.values()
    assert [task for task in kept if task.deleted_at is None] == [elsewhere]


async def test_others_tasks_are_restored_by_admins_only(office: Office) -> None:
    task = await trashed(office, "colleague")
    with pytest.raises(RoleTooLow):
        await office.app.restore_task(office["member"], office.id, task.id)
    assert (await office.app.restore_task(office["admin"], office.id, task.id)).id == task.id


async def test_a_purged_task_is_gone_for_good(office: Office) -> None:
    task, other = await trashed(office), await trashed(office)
    (event,) = await news(office, office.app.purge_task(office["admin"], office.id, task.id))
    kept = (await office.contents()).tasks
    assert (office.space_id, task.id) not in kept
    assert (office.space_id, other.id) in kept
    assert (event.action, event.resource_id, event.changes) == (Action.PURGE, str(task.id), {})


async def test_an_emptied_trash_holds_nothing_and_nothing_else_is_gone(office: Office) -> None:
    in_use = await office.a_task()
    await trashed(office)
    await trashed(office, "owner")
    elsewhere = await office.app.create_task(office["owner"], None, a_draft())
    await office.app.delete_task(office["owner"], None, elsewhere.id)
    assert await office.app.empty_trash(office["admin"], office.id, everything=True) == 2
    kept = (await office.contents()).tasks
    assert {task.id for task in kept.values()} == {in_use.id, elsewhere.id}
    assert await office.app.empty_trash(office["admin"], office.id, everything=True) == 0


TRASH: dict[str, Callable[[Office, str, TaskId], Awaitable[object]]] = {
    "restore": lambda office, who, task_id: office.app.restore_task(office[who], office.id, task_id),
    "purge": lambda office, who, task_id: office.app.purge_task(office[who], office.id, task_id),
}


@pytest.mark.parametrize("use", TRASH.values(), ids=TRASH)
async def test_what_is_not_in_the_trash_is_not_found_there(
    office: Office, use: Callable[[Office, str, TaskId], Awaitable[object]]
) -> None:
    in_use = await office.a_task()
    before = (await office.contents()).tasks
    for task_id in (TASK, in_use.id):
        with pytest.raises(TaskNotFound):
            await use(office, "owner", task_id)
    assert (await office.contents()).tasks == before


EVERYTHING: dict[str, tuple[Callable[[Office, str], Awaitable[object]], set[str]]] = {
    "create": (lambda o, who: o.app.create_tasks(o[who], o.id, [a_draft()]), {"member", "admin"}),
    "change": (lambda o, who: o.app.change_tasks(o[who], o.id, [TASK], {}), {"member", "admin"}),
    "delete": (lambda o, who: o.app.delete_tasks(o[who], o.id, [TASK]), {"member", "admin"}),
    "delete found": (lambda o, who: o.app.delete_found_tasks(o[who], o.id, TaskFilters(), everything=True), {"admin"}),
    "restore": (lambda o, who: o.app.restore_task(o[who], o.id, TASK), {"member", "admin"}),
    "purge": (lambda o, who: o.app.purge_task(o[who], o.id, TASK), {"admin"}),
    "empty": (lambda o, who: o.app.empty_trash(o[who], o.id, everything=True), {"admin"}),
}


@pytest.mark.parametrize("what", EVERYTHING)
async def test_the_role_is_looked_at_before_the_tasks(office: Office, what: str) -> None:
    use, may = EVERYTHING[what]
    for who in ("viewer", "member", "admin"):
        if who in may:
            continue
        with pytest.raises(RoleTooLow):
            await use(office, who)


@pytest.mark.parametrize("what", EVERYTHING)
async def test_whoever_is_not_in_the_space_does_nothing_there(office: Office, what: str) -> None:
    use, _ = EVERYTHING[what]
    for who in ("removed", "stranger"):
        with pytest.raises(SpaceForbidden):
            await use(office, who)
    await office.app.sign_out(office["owner"])
    with pytest.raises(NotAuthenticated):
        await use(office, "owner")
