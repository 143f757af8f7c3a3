"""Lists of tasks: turning pages by cursors, what is due, and the trash."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from application.listing import Listing
from application.ports.paging import Stretch
from application.ports.tasks import TaskQuery
from domain.access import Actor, Role
from domain.due import Due, DueIn, Span
from domain.errors import CursorRefused, SpaceForbidden
from domain.task import Description, Priority, SearchText, Task, TaskStatus
from domain.task_order import Sort, TaskOrder
from tests.unit.builders import LATER, NOON, TICK, House, a_draft


async def with_tasks(house: House, *drafts: dict[str, Any]) -> tuple[Actor, Sequence[Task]]:
    """Ann, and tasks of hers a second apart."""
    ann = await house.somebody("ann")
    made = []
    for number, draft in enumerate(drafts):
        house.clock.now = NOON + timedelta(seconds=number)
        made.append(await house.app.create_task(ann, None, a_draft(**{"title": str(number)} | draft)))
    return ann, made


async def all_by_cursor(house: House, who: Actor, query: TaskQuery, owner_id: str | None = None) -> list[Listing[Task]]:
    """Every stretch."""
    stretches = [await house.app.list_tasks(who, owner_id, query, cursor="")]
    while stretches[-1].next_cursor:
        stretches.append(await house.app.list_tasks(who, owner_id, query, cursor=stretches[-1].next_cursor))
    return stretches


@pytest.mark.parametrize("by", TaskOrder)
@pytest.mark.parametrize("descending", [True, False])
async def test_cursors_lead_through_all_tasks_without_counting_them(
    house: House, by: TaskOrder, *, descending: bool
) -> None:
    dates = [None, NOON, None, LATER, NOON, None, NOON]
    drafts = [{"due_date": date, "priority": list(Priority)[n % 4], "title": "a|b" * (n % 3 + 1)}
              for n, date in enumerate(dates)]  # fmt: skip
    ann, made = await with_tasks(house, *drafts)
    query = TaskQuery(sort=Sort(by, descending), limit=2)
    stretches = await all_by_cursor(house, ann, query)
    whole = await house.app.list_tasks(ann, None, TaskQuery(sort=query.sort))
    assert [task for stretch in stretches for task in stretch.items] == whole.items
    assert len(whole.items) == len(made)
    assert [len(stretch.items) for stretch in stretches] == [2, 2, 2, 1]
    assert {stretch.total for stretch in stretches} == {None}


async def test_a_stretch_that_ends_with_the_list_has_no_cursor(house: House) -> None:
    ann, _ = await with_tasks(house, {}, {})
    assert (await house.app.list_tasks(ann, None, TaskQuery(limit=2), cursor="")).next_cursor is None
    assert (await house.app.list_tasks(ann, None, TaskQuery(limit=2))).next_cursor is None
    assert (await house.app.list_tasks(ann, None, TaskQuery(skip=9))).next_cursor is None


async def test_a_page_leads_on_by_cursor_too(house: House) -> None:
    ann, made = await with_tasks(house, *[{}] * 5)
    page = await house.app.list_tasks(ann, None, TaskQuery(skip=1, limit=2))
    assert page.total == 5
    assert page.next_cursor
    behind = await house.app.list_tasks(ann, None, TaskQuery(limit=9), cursor=page.next_cursor)
    assert behind.items == made[1::-1]


async def test_a_cursor_is_good_for_its_reader_space_and_question_only(house: House) -> None:
    ann, _ = await with_tasks(house, *[{}] * 5)
    ben = await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.VIEWER)
    query = TaskQuery(limit=2, statuses=frozenset(TaskStatus))
    cursor = (await house.app.list_tasks(ann, None, query, cursor="")).next_cursor
    assert cursor
    await house.app.list_tasks(ann, str(ann.user_id), query, cursor=cursor)
    others = (
        (ben, shared, query, None),
        (ben, None, query, None),
        (ann, None, TaskQuery(), None),
        (ann, None, TaskQuery(statuses=query.statuses, sort=Sort(TaskOrder.TITLE)), None),
        (ann, None, TaskQuery(statuses=query.statuses, sort=Sort(descending=False)), None),
        (ann, None, TaskQuery(statuses=query.statuses, text="x"), None),
        (ann, None, TaskQuery(statuses=query.statuses, due=Span(NOON)), None),
        (ann, None, query, DueIn(Due.TODAY)),
    )
    for who, owner_id, other, due in others:
        with pytest.raises(CursorRefused):
            await house.app.list_tasks(who, owner_id, other, due=due, cursor=cursor)
    with pytest.raises(CursorRefused):
        await house.app.list_tasks(ann, None, query, cursor="forged")


async def test_a_cursor_is_bound_to_the_zone(house: House) -> None:
    ann, _ = await with_tasks(house, *[{"due_date": NOON}] * 3)
    here, there = (DueIn(Due.TODAY, ZoneInfo(name)) for name in ("Europe/Berlin", "Asia/Tokyo"))
    cursor = (await house.app.list_tasks(ann, None, TaskQuery(limit=1), due=here, cursor="")).next_cursor
    house.clock.now = LATER
    assert (await house.app.list_tasks(ann, None, TaskQuery(limit=1), due=here, cursor=cursor)).items
    with pytest.raises(CursorRefused):
        await house.app.list_tasks(ann, None, TaskQuery(limit=1), due=there, cursor=cursor)


@pytest.mark.parametrize("due", Due)
async def test_a_walk_goes_on_as_it_began_whatever_the_clock_says(house: House, due: Due) -> None:
    overdue = due is Due.OVERDUE
    ann, made = await with_tasks(house, *[{"due_date": NOON - TICK if overdue else NOON + timedelta(hours=1)}] * 5)
    house.clock.now = NOON + timedelta(hours=11)
    first = await house.app.list_tasks(ann, None, TaskQuery(limit=2), due=DueIn(due), cursor="")
    house.clock.now += timedelta(days=6)
    late = await house.app.create_task(ann, None, a_draft("new", due_date=house.clock.now - TICK))
    found, cursor = list(first.items), first.next_cursor
    while cursor:
        stretch = await house.app.list_tasks(ann, None, TaskQuery(limit=2), due=DueIn(due), cursor=cursor)
        found, cursor = [*found, *stretch.items], stretch.next_cursor
    assert sorted(task.id for task in found) == sorted(task.id for task in made)
    anew = await house.app.list_tasks(ann, None, TaskQuery(), due=DueIn(due), cursor="")
    assert late.id in [task.id for task in anew.items]


async def test_a_walk_that_began_with_a_page_goes_on_as_it_began(house: House) -> None:
    ann, made = await with_tasks(house, *[{"due_date": NOON}] * 3)
    first = await house.app.list_tasks(ann, None, TaskQuery(limit=2), due=DueIn(Due.TODAY))
    house.clock.now += timedelta(days=1)
    rest = await house.app.list_tasks(ann, None, TaskQuery(limit=2), due=DueIn(Due.TODAY), cursor=first.next_cursor)
    assert [task.id for task in rest.items] == [made[0].id]


async def test_overdue_is_what_should_be_done_by_now_and_is_not(house: House) -> None:
    drafts = [{"status": status, "due_date": date} for status in TaskStatus for date in (None, NOON - TICK, NOON)]
    ann, made = await with_tasks(house, *drafts)
    house.clock.now = NOON
    found = await house.app.list_tasks(ann, None, TaskQuery(), due=DueIn(Due.OVERDUE))
    assert [task.title for task in found.items] == ["4", "1"]
    narrower = TaskQuery(statuses=frozenset({TaskStatus.COMPLETED, TaskStatus.PENDING}))
    assert (await house.app.list_tasks(ann, None, narrower, due=DueIn(Due.OVERDUE))).items == [made[1]]


async def test_today_can_be_narrowed_further(house: House) -> None:
    ann, made = await with_tasks(house, {"due_date": NOON}, {"due_date": LATER}, {"due_date": LATER + TICK})
    query = TaskQuery(due=Span(NOON, LATER + TICK))
    assert (await house.app.list_tasks(ann, None, query, due=DueIn(Due.TODAY))).items == [made[1]]


async def test_a_search_looks_into_titles_and_descriptions_in_any_case(house: House) -> None:
    ann, _ = await with_tasks(house, {"title": "Buy MILK"}, {"description": Description("no milk today")}, {})
    found = await house.app.list_tasks(ann, None, TaskQuery(text=SearchText("Milk").key))
    assert found.total == 2


async def test_the_trash_shows_what_was_deleted_last_first(house: House) -> None:
    ann, made = await with_tasks(house, *[{}] * 4)
    ben = await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.VIEWER)
    for number in (2, 0, 3):
        house.clock.now += TICK
        await house.app.delete_task(ann, None, made[number].id)
    page = await house.app.list_trash(ben, shared, Stretch(limit=2))
    assert ([task.id for task in page.items], page.total) == ([made[3].id, made[0].id], 3)
    behind = await house.app.list_trash(ben, shared, Stretch(limit=2), cursor=page.next_cursor)
    assert ([task.id for task in behind.items], behind.total, behind.next_cursor) == ([made[2].id], None, None)
    with pytest.raises(CursorRefused):
        await house.app.list_trash(ann, None, Stretch(limit=2), cursor=page.next_cursor)
    page = await house.app.list_trash(ann, None, Stretch(skip=2, limit=2))
    assert ([task.id for task in page.items], page.total) == ([made[2].id], 3)
    with pytest.raises(SpaceForbidden):
        await house.app.list_trash(ann, str(ben.user_id), Stretch())
