"""The exam of the port Tasks, as far as lists go: every store finds the same, in the same order."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Final, TypeVar

import pytest

from adapters.memory.store import Contents
from adapters.memory.tasks import MemoryTasks
from application.ports.paging import Stretch
from application.ports.spaces import Space
from application.ports.tasks import TaskFilters, TaskQuery
from domain.access import Actor
from domain.characters import SEPARATOR
from domain.due import Span
from domain.ids import UserId, personal_space
from domain.tag import TagName
from domain.task import Description, Priority, SearchText, Task, TaskStatus, Title
from domain.task_order import Sort, TaskOrder
from tests.support.people import People, a_task, new_id
from tests.support.stores import NOON, Store

T = TypeVar("T")

TICK: Final = timedelta(microseconds=1)
EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
MOMENTS: Final = (
    EARLIEST,
    EARLIEST + TICK,
    NOON - TICK,
    NOON,
    NOON + TICK,
    NOON + timedelta(days=1),
    LATEST - TICK,
    LATEST,
)
TITLES: Final = (
    "a", "A", "b", "B", "Z", "_", "~", "ab", "a b", "a\nb", "10", "9", "é", "É", "e\u0301", "ß", "SS", "İ",
    "i", "\u0131",
    "%", "a%b", "\\", "'", "\u202ea", "\uffff", "\U0001f600", "日本", "Ω", "ω",
)  # fmt: skip
TAGS: Final = ("work", "Work", "STRASSE", "Straße", "é", '"', "null")
SORTS: Final = [Sort(by, descending) for by, descending in product(TaskOrder, (False, True))]


def dice_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same examples in every run, not secrets


def a_random_task(space: Space, dice: random.Random) -> Task:
    status = dice.choice(list(TaskStatus))
    return replace(
        a_task(space, dice.choice(TITLES)),
        description=dice.choice([None, Description(""), Description(dice.choice(TITLES) + dice.choice(TITLES))]),
        status=status,
        completed_at=NOON if status is TaskStatus.COMPLETED else None,
        priority=dice.choice(list(Priority)),
        due_date=dice.choice([None, *MOMENTS]),
        tags=tuple(TagName(tag) for tag in dice.sample(TAGS, dice.randrange(3))),
        assignee_id=dice.choice([None, space.access.user_id]),
        created_at=NOON + dice.randrange(3) * TICK,
        updated_at=NOON + dice.randrange(3) * TICK,
    )


def a_random_query(dice: random.Random, somebody: UserId) -> TaskQuery:
    def some(values: Sequence[T]) -> frozenset[T]:
        return frozenset(dice.sample(values, dice.randrange(1, 3))) if dice.random() < 0.25 else frozenset()

    def one(*values: T) -> T | None:
        return dice.choice(values) if dice.random() < 0.25 else None

    return TaskQuery(
        statuses=some(list(TaskStatus)),
        priorities=some(list(Priority)),
        tags=frozenset(TagName(tag).key for tag in some([*TAGS, "nobody's"])),
        assignee_id=one(somebody, UserId(new_id())),
        due=Span(one(*MOMENTS), one(*MOMENTS)),
        is_unfinished=dice.random() < 0.2,
        text=one(*(SearchText(title).key for title in TITLES if title != SEPARATOR)),
        sort=dice.choice(SORTS),
        skip=dice.choice([0, 0, 1, 5]),
        limit=dice.choice([1, 4, 100]),
    )


async def fill(store: Store, actor: Actor, tasks: int, dice: random.Random) -> list[Task]:
    async with store.open_space(actor, None) as space:
        made = [a_random_task(space, dice) for _ in range(tasks)]
        for task in made:
            await space.tasks.add(task)
    return made


def in_memory(tasks: Sequence[Task]) -> MemoryTasks:
    return MemoryTasks(Contents(tasks={(task.space_id, task.id): task for task in tasks}), tasks[0].space_id)


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_found_and_in_which_order_is_the_same_everywhere(store: Store, people: People, seed: int) -> None:
    dice = dice_of(seed)
    somebody, other = await people.somebody(), await people.somebody()
    await fill(store, other, 5, dice)
    made = await fill(store, somebody, 40, dice)
    reference = in_memory(made)
    async with store.open_space(somebody, None, read_only=True) as space:
        for _ in range(60):
            query = a_random_query(dice, somebody.user_id)
            assert await space.tasks.find(query) == await reference.find(query), query
            behind = replace(query, after=query.sort.place(dice.choice(made)), is_counted=False, skip=0)
            assert await space.tasks.find(behind) == await reference.find(behind), behind


@pytest.mark.parametrize("sort", SORTS, ids=str)
async def test_every_order_has_an_end_and_leaves_nothing_out(store: Store, people: People, sort: Sort) -> None:
    somebody = await people.somebody()
    made = await fill(store, somebody, 15, dice_of(1))
    found: list[Task] = []
    async with store.open_space(somebody, None, read_only=True) as space:
        query = TaskQuery(sort=sort, limit=2, is_counted=False)
        while stretch := (await space.tasks.find(query)).items:
            found += stretch
            query = replace(query, after=sort.place(found[-1]))
    assert sorted(task.id for task in found) == sorted(task.id for task in made)
    if sort.by is TaskOrder.DUE_DATE:
        dates = [task.due_date for task in found]
        assert None not in dates[: len(dates) - dates.count(None)]


@pytest.mark.parametrize("seed", range(2))
async def test_what_a_filter_finds_is_what_it_deletes_whatever_has_the_same_ids_elsewhere(
    store: Store, people: People, seed: int
) -> None:
    dice = dice_of(seed)
    somebody, other = await people.somebody(), await people.somebody()
    made = await fill(store, somebody, 20, dice)
    async with store.open_space(other, None) as space:
        theirs = [replace(a_random_task(space, dice), id=task.id) for task in made]
        await space.tasks.add_all(theirs)
    reference = in_memory(made)
    for filters in (
        TaskFilters(priorities=frozenset({Priority.HIGH})),
        TaskFilters(statuses=frozenset({TaskStatus.PENDING, TaskStatus.CANCELLED})),
        TaskFilters(assignee_id=somebody.user_id),
    ):
        async with store.open_space(somebody, None) as space:
            deleted = await space.tasks.delete_found(filters, at=LATEST, limit=999)
            assert sorted(deleted) == sorted(await reference.delete_found(filters, at=LATEST, limit=999))
            assert await space.tasks.find(TaskQuery(limit=100)) == await reference.find(TaskQuery(limit=100))
    async with store.open_space(other, None, read_only=True) as space:
        assert await space.tasks.find(TaskQuery(limit=100)) == await in_memory(theirs).find(TaskQuery(limit=100))


async def test_a_change_moves_a_task_in_every_order(store: Store, people: People) -> None:
    somebody = await people.somebody()
    async with store.open_space(somebody, None) as space:
        first, second = (replace(a_task(space, "m"), due_date=NOON, priority=Priority.MEDIUM) for _ in range(2))
        await space.tasks.add(first)
        await space.tasks.add(second)
        changes = {
            TaskOrder.TITLE: {"title": Title("z")},
            TaskOrder.PRIORITY: {"priority": Priority.URGENT},
            TaskOrder.DUE_DATE: {"due_date": NOON + TICK},
            TaskOrder.UPDATED_AT: {"updated_at": NOON + TICK},
        }
        for by, change in changes.items():
            changed = replace(first, version=first.version + 1, **change)  # type: ignore[arg-type] # one at a time
            await space.tasks.save(changed, was=first)
            first = changed
            assert [task.id for task in (await space.tasks.find(TaskQuery(sort=Sort(by)))).items] == [
                first.id,
                second.id,
            ]
        changed = replace(first, version=first.version + 1, tags=(TagName("New"),), description=Description("Found"))
        await space.tasks.save(changed, was=first)
        for query in (TaskQuery(tags=frozenset({"new"})), TaskQuery(text="found")):
            assert (await space.tasks.find(query)).items == [changed]


async def test_lists_show_one_space_only(store: Store, people: People) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    for actor in (somebody, other):
        async with store.open_space(actor, None) as space:
            kept, deleted = a_task(space), a_task(space)
            await space.tasks.add(kept)
            await space.tasks.add(deleted)
            await space.tasks.save(deleted.delete(by=space.access, at=NOON), was=deleted)
    mine = personal_space(somebody.user_id)
    async with store.open_space(somebody, None, read_only=True) as space:
        for sort in SORTS:
            high = replace(a_task(space, "\U0010ffff"), created_at=LATEST, updated_at=LATEST, due_date=LATEST)
            low = replace(a_task(space, "\x01"), created_at=EARLIEST, updated_at=EARLIEST, due_date=EARLIEST)
            end = sort.place(replace(high, priority=Priority.URGENT) if sort.descending else low)
            end = replace(end, key=-1 if sort.by is TaskOrder.PRIORITY and not sort.descending else end.key)
            for query in (
                TaskQuery(sort=sort),
                TaskQuery(sort=sort, is_counted=False),
                TaskQuery(sort=sort, is_counted=False, after=end),
            ):
                found = await space.tasks.find(query)
                assert {task.space_id for task in found.items} == {mine}
                assert len(found.items) == 1
                assert found.total == (1 if query.is_counted else None)
        trash = await space.tasks.trash(Stretch())
        assert ([task.space_id for task in trash.items], trash.total) == ([mine], 1)
