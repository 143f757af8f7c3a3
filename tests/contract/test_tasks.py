"""The exam of the port Tasks: what is kept comes back, and only in its own space."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from application.ports.reading import OpenedForReading
from application.ports.spaces import Space
from application.ports.tasks import TaskFilters, TaskQuery
from domain.access import Actor, Role
from domain.errors import StaleVersion, TaskNotFound
from domain.ids import NOBODY, TaskId, UserId, personal_space
from domain.tag import TagName
from domain.task import Description, Priority, SearchText, Task, TaskStatus, Title
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

AWKWARD = "'; DROP TABLE tasks; -- \"\\ %_ \U0001f600 é \u062e\u200c\u0648"


async def test_every_field_comes_back_as_it_was(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = replace(
            a_task(space),
            title=Title(AWKWARD),
            description=Description(AWKWARD * 100),
            status=TaskStatus.COMPLETED,
            priority=Priority.URGENT,
            due_date=datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
            tags=(TagName(AWKWARD), TagName("b")),
            assignee_id=somebody.user_id,
            completed_at=NOON + timedelta(microseconds=1),
            version=7,
        )
        await space.tasks.add(task)
    async with store.open_space(somebody, None, read_only=True) as space:
        assert await space.tasks.get(task.id) == task


async def test_the_earliest_date_and_empty_fields_come_back(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = replace(a_task(space), due_date=datetime(1, 1, 1, tzinfo=UTC), description=Description(""))
        await space.tasks.add(task)
        assert await space.tasks.get(task.id) == task


@pytest.mark.parametrize("read_only", [True, False])
async def test_another_spaces_task_is_not_found(store: Store, people: People, *, read_only: bool) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
    async with store.open_space(somebody, None, read_only=read_only) as space:
        for task_id in (task.id, TaskId(new_id()), TaskId(NOBODY)):
            with pytest.raises(TaskNotFound):
                await space.tasks.get(task_id)
        assert (await space.tasks.find(TaskQuery())).total == 0


async def test_two_spaces_may_hold_the_same_id(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_task(space, "theirs")
        await space.tasks.add(theirs)
    async with store.open_space(somebody, None) as space:
        mine = replace(a_task(space, "mine"), id=theirs.id)
        await space.tasks.add(mine)
        await space.tasks.save(change(mine, title=Title("changed")), was=mine)
    async with store.open_space(other, None) as space:
        assert await space.tasks.get(theirs.id) == theirs


async def test_a_task_is_kept_in_the_space_it_was_added_through(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(somebody, None) as space:
        strayed = replace(a_task(space), space_id=personal_space(other.user_id))
        await space.tasks.add(strayed)
    async with store.open_space(other, None) as space:
        with pytest.raises(TaskNotFound):
            await space.tasks.get(strayed.id)


async def test_a_change_in_one_space_does_not_reach_another(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(other, None) as space:
        theirs = a_task(space)
        await space.tasks.add(theirs)
    async with store.open_space(somebody, None) as space:
        with pytest.raises(StaleVersion):
            await space.tasks.save(change(theirs, title=Title("taken")), was=theirs)
    async with store.open_space(other, None) as space:
        assert await space.tasks.get(theirs.id) == theirs


async def test_every_change_is_kept(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
    changed = change(
        task,
        title=Title("new"),
        description=Description("new"),
        status=TaskStatus.COMPLETED,
        priority=Priority.LOW,
        due_date=NOON,
        tags=(TagName("new"),),
        assignee_id=somebody.user_id,
        completed_at=NOON,
        updated_at=NOON + timedelta(seconds=1),
    )
    async with store.open_space(somebody, None) as space:
        await space.tasks.save(changed, was=task)
    async with store.open_space(somebody, None) as space:
        assert await space.tasks.get(task.id) == changed


async def test_what_has_changed_since_it_was_read_is_not_replaced(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
        first = change(task, title=Title("first"))
        await space.tasks.save(first, was=task)
        with pytest.raises(StaleVersion):
            await space.tasks.save(change(task, title=Title("second")), was=task)
    async with store.open_space(somebody, None) as space:
        assert await space.tasks.get(task.id) == first


async def test_saving_what_was_read_is_no_change(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
        await space.tasks.save(task, was=task)
        assert await space.tasks.get(task.id) == task


async def test_what_is_in_the_trash_is_not_found(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        task = a_task(space)
        await space.tasks.add(task)
        await space.tasks.save(task.delete(by=space.access, at=NOON), was=task)
        with pytest.raises(TaskNotFound):
            await space.tasks.get(task.id)
        assert (await space.tasks.find(TaskQuery())).total == 0


async def test_a_page_is_a_stretch_of_the_newest_first(store: Store, people: People) -> None:
    somebody = await people.somebody()
    titles = await add_tasks(store, somebody, [TaskStatus.PENDING] * 7)
    async with store.open_space(somebody, None, read_only=True) as space:
        for skip, limit in ((0, 3), (3, 3), (6, 3), (7, 3), (100, 3), (0, 100)):
            page = await space.tasks.find(TaskQuery(skip=skip, limit=limit))
            assert [task.title for task in page.items] == titles[::-1][skip : skip + limit]
            assert page.total == 7


async def test_tasks_of_the_same_moment_are_ordered_by_id(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        tasks = [a_task(space) for _ in range(5)]
        for task in tasks:
            await space.tasks.add(task)
        page = await space.tasks.find(TaskQuery())
    assert [task.id for task in page.items] == sorted((task.id for task in tasks), reverse=True)


async def test_several_statuses_mean_any_of_them(store: Store, people: People) -> None:
    somebody = await people.somebody()
    statuses = list(TaskStatus)
    titles = await add_tasks(store, somebody, statuses)
    async with store.open_space(somebody, None, read_only=True) as space:
        for wanted in ({TaskStatus.PENDING}, {TaskStatus.COMPLETED, TaskStatus.CANCELLED}, set(TaskStatus)):
            page = await space.tasks.find(TaskQuery(statuses=frozenset(wanted)))
            expected = [title for title, status in zip(titles, statuses, strict=True) if status in wanted]
            assert [task.title for task in page.items] == expected[::-1]
            assert page.total == len(wanted)


async def test_a_member_sees_what_the_others_see(store: Store, people: People) -> None:
    owner, guest = await people.somebody(), await people.somebody()
    await add_tasks(store, owner, [TaskStatus.PENDING])
    await add_tasks(store, guest, [TaskStatus.PENDING] * 2)
    await people.let_in(guest.user_id, personal_space(owner.user_id), Role.VIEWER)
    async with store.open_space(guest, str(owner.user_id), read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 1


async def add_tasks(store: Store, actor: Actor, statuses: Sequence[TaskStatus]) -> list[str]:
    """Add a task of each status, a second apart; return the titles."""
    async with store.open_space(actor, None) as space:
        for number, status in enumerate(statuses):
            at = NOON + timedelta(seconds=number)
            completed_at = at if status is TaskStatus.COMPLETED else None
            task = replace(a_task(space, str(number), at=at), status=status, completed_at=completed_at)
            await space.tasks.add(task)
    return [str(number) for number in range(len(statuses))]


def change(task: Task, **changes: object) -> Task:
    return replace(task, version=task.version + 1, **changes)  # type: ignore[arg-type] # a test's shorthand


# Many at once, and the trash


async def test_many_tasks_come_back_as_they_were(store: Store, people: People) -> None:
    actor = await people.somebody()
    async with store.open_space(actor, None) as space:
        added = [a_task(space, f"task {number}", tags=(TagName("a"), TagName("b"))) for number in range(30)]
        await space.tasks.add_all(added)
    for read_only in (True, False):
        async with store.open_space(actor, None, read_only=read_only) as space:
            found = await space.tasks.get_all([task.id for task in added] + [TaskId(new_id())])
            assert found == sorted(added, key=lambda task: task.id)
            assert list(await space.tasks.get_all([])) == []


async def test_many_changes_are_kept_and_those_that_change_nothing_leave_no_mark(store: Store, people: People) -> None:
    actor = await people.somebody()
    async with store.open_space(actor, None) as space:
        added = [a_task(space) for _ in range(5)]
        await space.tasks.add_all(added)
    async with store.open_space(actor, None) as space:
        tasks = await space.tasks.get_all([task.id for task in added])
        changed = [replace(task, title=Title("new"), version=2) for task in tasks[:4]]
        await space.tasks.save_all([*zip(changed, tasks, strict=False), (tasks[4], tasks[4])])
        await space.tasks.save_all([])
    async with store.open_space(actor, None, read_only=True) as space:
        assert await space.tasks.get_all([task.id for task in added]) == [*changed, tasks[4]]


async def test_many_tasks_are_those_of_the_space_and_in_use(store: Store, people: People) -> None:
    ann, ben = await people.somebody(), await people.somebody()
    async with store.open_space(ann, None) as space:
        mine, gone = a_task(space), a_task(space, deleted_at=NOON)
        await space.tasks.add_all([mine, gone])
    async with store.open_space(ben, None) as space:
        theirs = a_task(space)
        await space.tasks.add(theirs)
    async with store.open_space(ann, None) as space:
        assert await space.tasks.get_all([mine.id, gone.id, theirs.id]) == [mine]


async def test_the_trash_gives_back_purges_and_is_emptied(store: Store, people: People) -> None:
    ann, ben = await people.somebody(), await people.somebody()
    kept = {}
    for actor in (ann, ben):
        async with store.open_space(actor, None) as space:
            in_use, *gone = a_task(space), *(a_task(space, deleted_at=NOON) for _ in range(3))
            await space.tasks.add_all([in_use, *gone])
            kept[actor] = in_use, gone
    in_use, gone = kept[ann]
    async with store.open_space(ann, None) as space:
        assert await space.tasks.trashed(gone[0].id) == gone[0]
        for task_id in (in_use.id, kept[ben][1][0].id, TaskId(new_id())):
            with pytest.raises(TaskNotFound):
                await space.tasks.trashed(task_id)
        with pytest.raises(StaleVersion):
            await space.tasks.purge(replace(gone[0], version=7))
        await space.tasks.purge(gone[0])
        with pytest.raises(TaskNotFound):
            await space.tasks.trashed(gone[0].id)
        assert sorted(await space.tasks.empty_trash(limit=9)) == sorted(task.id for task in gone[1:])
        assert list(await space.tasks.empty_trash(limit=9)) == []
        assert await space.tasks.get(in_use.id) == in_use
    async with store.open_space(ben, None, read_only=True) as space:
        assert await space.tasks.trashed(kept[ben][1][0].id) == kept[ben][1][0]


async def test_what_fits_goes_to_the_trash_and_nothing_else(store: Store, people: People) -> None:
    ann, ben = await people.somebody(), await people.somebody()
    kept = {}
    for actor in (ann, ben):
        async with store.open_space(actor, None) as space:
            tasks = [
                a_task(space, "Milk"),
                a_task(space, "milk \U0001f600", priority=Priority.HIGH, version=7),
                a_task(space, "milk", deleted_at=NOON),
                a_task(space, "bread"),
            ]
            await space.tasks.add_all(tasks)
            kept[actor] = tasks
    later = NOON + timedelta(hours=1)
    milk = TaskFilters(text=SearchText("MILK").key)
    async with store.open_space(ann, None) as space:
        found = await space.tasks.delete_found(milk, at=later, limit=9)
        assert sorted(found) == sorted(task.id for task in kept[ann][:2])
        for was in kept[ann][:2]:
            deleted = replace(was, deleted_at=later, updated_at=later, version=was.version + 1)
            assert await space.tasks.trashed(was.id) == deleted
        assert list(await space.tasks.delete_found(milk, at=later, limit=9)) == []
        assert await space.tasks.trashed(kept[ann][2].id) == kept[ann][2]
        assert await space.tasks.get(kept[ann][3].id) == kept[ann][3]
        assert list(await space.tasks.delete_found(TaskFilters(), at=later, limit=9)) == [kept[ann][3].id]
    async with store.open_space(ben, None, read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 3


COMPOSED, DECOMPOSED = "Caf\u00e9 \N{LATIN SMALL LETTER SHARP S}", "CAFE\N{COMBINING ACUTE ACCENT} SS"


async def test_a_search_finds_every_spelling_with_or_without_accents(store: Store, people: People) -> None:
    ann = await people.somebody()
    async with store.open_space(ann, None) as space:
        tasks = [
            a_task(space, COMPOSED),
            a_task(space, DECOMPOSED),
            replace(a_task(space, "x"), description=Description(f"a {COMPOSED}")),
            replace(a_task(space, "cafe"), description=Description(" ss")),
        ]
        await space.tasks.add_all(tasks)
        for text in (COMPOSED, DECOMPOSED, "cafe ss", "CAF\u00c9 SS"):
            found = await space.tasks.find(TaskQuery(text=SearchText(text).key))
            assert {task.id for task in found.items} == {task.id for task in tasks[:3]}


async def test_times_of_a_task_never_run_backwards(store: Store, people: People) -> None:
    ann = await people.somebody()
    earlier = NOON - timedelta(hours=1)
    async with store.open_space(ann, None) as space:
        first = replace(a_task(space, "a"), tags=(TagName("was"),), assignee_id=ann.user_id)
        second = a_task(space, "b")
        await space.tasks.add_all([first, second])
        await space.tasks.retag(TagName("was"), TagName("now"), at=earlier, limit=9)
        await space.tasks.retag(TagName("now"), None, at=earlier, limit=9)
        await space.tasks.unassign(ann.user_id, at=earlier, limit=9)
        found = await space.tasks.get(first.id)
        assert (found.version, found.updated_at) == (first.version + 3, first.updated_at)
        assert len(await space.tasks.delete_found(TaskFilters(), at=earlier, limit=9)) == 2
        for task in (first, second):
            gone = await space.tasks.trashed(task.id)
            assert (gone.updated_at, gone.deleted_at) == (task.updated_at, task.updated_at)
        later = await space.tasks.trashed(second.id)
    assert later.updated_at == second.updated_at


async def test_what_fits_elsewhere_goes_nowhere_even_with_the_same_ids(store: Store, people: People) -> None:
    ann, ben = await people.somebody(), await people.somebody()
    first, second = sorted(TaskId(new_id()) for _ in range(2))
    for actor, titles in ((ann, ("milk", "bread")), (ben, ("bread", "milk"))):
        async with store.open_space(actor, None) as space:
            named = zip((first, second), titles, strict=True)
            await space.tasks.add_all([a_task(space, title, id=task_id) for task_id, title in named])
    async with store.open_space(ann, None) as space:
        assert list(await space.tasks.delete_found(TaskFilters(text="milk"), at=NOON, limit=9)) == [first]
        assert (await space.tasks.find(TaskQuery())).total == 1
    async with store.open_space(ben, None, read_only=True) as space:
        assert (await space.tasks.find(TaskQuery())).total == 2


@pytest.mark.parametrize("write", ["add_all", "save_all", "delete_found", "purge", "empty_trash"])
async def test_nothing_of_it_is_written_where_a_space_is_open_for_reading(
    store: Store, people: People, write: str
) -> None:
    actor = await people.somebody()
    async with store.open_space(actor, None) as space:
        task = a_task(space, deleted_at=NOON)
        await space.tasks.add_all([task, a_task(space)])
    given: dict[str, tuple[object, ...]] = {
        "add_all": ([replace(task, id=TaskId(new_id()))],),
        "save_all": ([(replace(task, version=2), task)],),
        "delete_found": (TaskFilters(),),
        "purge": (task,),
        "empty_trash": (),
    }
    named: dict[str, dict[str, object]] = {
        "delete_found": {"at": NOON, "limit": 9},
        "empty_trash": {"limit": 9},
    }
    with pytest.raises(OpenedForReading):
        async with store.open_space(actor, None, read_only=True) as space:
            await getattr(space.tasks, write)(*given[write], **named.get(write, {}))
    async with store.open_space(actor, None, read_only=True) as space:
        assert await space.tasks.trashed(task.id) == task


Change = Callable[[Space, UserId], Awaitable[object]]
ON_MANY: Final[dict[str, tuple[Change, Callable[[UserId], dict[str, Any]]]]] = {
    "empty the trash": (lambda space, _: space.tasks.empty_trash(limit=9), lambda _: {"deleted_at": NOON}),
    "unassign": (
        lambda space, user_id: space.tasks.unassign(user_id, at=NOON, limit=9),
        lambda user_id: {"assignee_id": user_id},
    ),
    "rename a tag": (
        lambda space, _: space.tasks.retag(TagName("was"), TagName("now"), at=NOON, limit=9),
        lambda _: {"tags": (TagName("was"),)},
    ),
    "take a tag off": (
        lambda space, _: space.tasks.retag(TagName("was"), None, at=NOON, limit=9),
        lambda _: {"tags": (TagName("was"),)},
    ),
}


@pytest.mark.parametrize(("change", "matching"), ON_MANY.values(), ids=ON_MANY)
async def test_a_change_of_many_tasks_changes_none_with_the_same_id_in_another_space(
    change: Change, matching: Callable[[UserId], dict[str, Any]], store: Store, people: People
) -> None:
    somebody, other, shared = await people.somebody(), await people.somebody(), await people.register()
    for actor in (somebody, other):
        await people.let_in(shared.id, personal_space(actor.user_id), Role.MEMBER)
    async with store.open_space(somebody, None) as space:
        changed, mine = a_task(space, **matching(shared.id)), a_task(space)
        await space.tasks.add_all([changed, mine])
    async with store.open_space(other, None) as space:
        theirs = [
            replace(
                changed, space_id=space.access.space_id, **{name: getattr(mine, name) for name in matching(shared.id)}
            ),
            replace(mine, space_id=space.access.space_id, **matching(shared.id)),
        ]
        await space.tasks.add_all(theirs)
    async with store.open_space(somebody, None) as space:
        await change(space, shared.id)
    assert await everything(store, somebody, [changed.id, mine.id]) != {changed.id: changed, mine.id: mine}
    assert (await everything(store, somebody, [mine.id])) == {mine.id: mine}
    assert await everything(store, other, [changed.id, mine.id]) == {task.id: task for task in theirs}


async def everything(store: Store, actor: Actor, task_ids: Sequence[TaskId]) -> dict[TaskId, Task]:
    """Those of these tasks that there are, in the trash or not."""
    found = {}
    async with store.open_space(actor, None, read_only=True) as space:
        for task_id in task_ids:
            for look in (space.tasks.get, space.tasks.trashed):
                with suppress(TaskNotFound):
                    found[task_id] = await look(task_id)
    return found


async def test_what_concerns_many_tasks_stops_at_the_limit_and_goes_on_behind_the_last(
    store: Store, people: People
) -> None:
    somebody = await people.somebody()
    work, later = TagName("work"), NOON + timedelta(hours=1)
    async with store.open_space(somebody, None) as space:
        made = [a_task(space, tags=(work,), assignee_id=somebody.user_id) for _ in range(5)]
        await space.tasks.add_all(made)
    ids = sorted(task.id for task in made)
    async with store.open_space(somebody, None) as space:
        taken = [await space.tasks.unassign(somebody.user_id, at=later, limit=2) for _ in range(4)]
        assert [len(part) for part in taken] == [2, 2, 1, 0]
        assert sorted(task_id for part in taken for task_id in part) == ids
        assert list(await space.tasks.retag(work, None, at=later, limit=2)) == ids[:2]
        assert list(await space.tasks.retag(work, TagName("play"), at=later, limit=2, after=ids[2])) == ids[3:]
        assert list(await space.tasks.retag(work, None, at=later, limit=9)) == [ids[2]]
        assert list(await space.tasks.delete_found(TaskFilters(), at=later, limit=2)) == ids[:2]
        assert list(await space.tasks.delete_found(TaskFilters(), at=later, limit=9, after=ids[3])) == [ids[4]]
        emptied = [await space.tasks.empty_trash(limit=2) for _ in range(3)]
        assert [len(part) for part in emptied] == [2, 1, 0]
        assert [task.id for task in (await space.tasks.find(TaskQuery())).items] in (ids[2:4], ids[2:4][::-1])


async def test_of_a_trash_only_what_is_here_is_removed_whatever_has_the_same_ids(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    async with store.open_space(somebody, None) as space:
        mine = [a_task(space, deleted_at=NOON) for _ in range(3)]
    async with store.open_space(other, None) as space:
        theirs = [replace(task, space_id=space.access.space_id) for task in mine]
        await space.tasks.add_all(theirs)
    ids = sorted(task.id for task in mine)
    async with store.open_space(somebody, None) as space:
        await space.tasks.add_all(mine)
        assert list(await space.tasks.empty_trash(limit=2)) == ids[:2]
        assert list(await space.tasks.empty_trash(limit=2, after=ids[2])) == []
        assert list(await space.tasks.empty_trash(limit=2)) == ids[2:]
    async with store.open_space(other, None, read_only=True) as space:
        assert [await space.tasks.trashed(task.id) for task in theirs] == theirs
