"""What people do with tasks: in their own space, in one they share, and in one that is none of theirs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from adapters.memory.spaces import MemoryOpenSpace, MemorySpace
from application.facade import Application
from application.listing import Listing
from application.ports.audit import AuditQuery
from application.ports.paging import Page
from application.ports.spaces import RecallFailed
from application.ports.tasks import TaskQuery
from application.recording.spaces import RecordingOpenSpace
from domain.access import Actor, Role
from domain.audit import Action, Resource
from domain.errors import (
    InvalidValue,
    NotAuthenticated,
    PreconditionFailed,
    RoleTooLow,
    SpaceForbidden,
    TaskNotFound,
)
from domain.ids import NOBODY, TaskId, UserId, personal_space
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskStatus, Title
from tests.unit.builders import (
    BEN,
    LATER,
    NOON,
    TASK,
    CrowdedStore,
    House,
    Interrupted,
    InterruptedSpace,
    a_draft,
    unhindered,
)

Use = Callable[[Application, Actor, str | None, TaskId], Awaitable[object]]

OF_THE_SPACE: dict[str, Use] = {
    "list": lambda app, actor, owner_id, _: app.list_tasks(actor, owner_id, TaskQuery()),
    "create": lambda app, actor, owner_id, _: app.create_task(actor, owner_id, a_draft("New")),
}
OF_ONE_TASK: dict[str, Use] = {
    "get": lambda app, actor, owner_id, id_: app.get_task(actor, owner_id, id_),
    "replace": lambda app, actor, owner_id, id_: app.replace_task(actor, owner_id, id_, a_draft("Other")),
    "change": lambda app, actor, owner_id, id_: app.change_task(actor, owner_id, id_, {"title": Title("Other")}),
    "complete": lambda app, actor, owner_id, id_: app.complete_task(actor, owner_id, id_),
    "toggle": lambda app, actor, owner_id, id_: app.toggle_task(actor, owner_id, id_),
    "delete": lambda app, actor, owner_id, id_: app.delete_task(actor, owner_id, id_),
}
USES = OF_THE_SPACE | OF_ONE_TASK
READING = ["list", "get"]
WRITING = [name for name in USES if name not in READING]

# What each role may do in a shared space, with a task that somebody else made.
ALLOWED = {
    Role.VIEWER: set(READING),
    Role.MEMBER: {"list", "get", "create", "replace", "change", "complete", "toggle"},
    Role.ADMIN: set(USES),
    Role.OWNER: set(USES),
}


async def at_home(house: House, **details: Any) -> tuple[Actor, Task]:
    """Ann, and a task in her own space."""
    ann = await house.somebody("ann")
    return ann, await house.app.create_task(ann, None, a_draft(**details))


def _page(found: Listing[Task]) -> Page[Task]:
    return Page(found.items, found.total)


async def kept(house: House, task: Task) -> Task:
    """The task as it is kept now."""
    return (await house.contents()).tasks[task.space_id, task.id]


# In one's own space


async def test_a_new_task_is_kept_in_ones_own_space(house: House) -> None:
    ann, task = await at_home(house, priority=Priority.HIGH, tags=(TagName("home"),), assignee_id=None)
    assert task == Task(
        id=task.id,
        space_id=personal_space(ann.user_id),
        title=Title("Water the plants"),
        priority=Priority.HIGH,
        tags=(TagName("home"),),
        created_by=ann.user_id,
        created_at=NOON,
        updated_at=NOON,
    )
    assert await house.app.get_task(ann, None, task.id) == task


async def test_every_new_task_has_an_id_of_its_own(house: House) -> None:
    ann, first = await at_home(house)
    second = await house.app.create_task(ann, None, a_draft())
    assert (await house.app.list_tasks(ann, None, TaskQuery())).total == 2
    assert first.id != second.id


async def test_ones_own_space_may_be_named(house: House) -> None:
    ann, task = await at_home(house)
    assert await house.app.get_task(ann, str(ann.user_id).upper(), task.id) == task


async def test_a_replaced_task_is_kept(house: House) -> None:
    ann, task = await at_home(house, description=Description("All of them."))
    house.clock.now = LATER
    replaced = await house.app.replace_task(ann, None, task.id, a_draft("Other", priority=Priority.LOW))
    assert replaced == replace(
        task, title=Title("Other"), description=None, priority=Priority.LOW, version=2, updated_at=LATER
    )
    assert await kept(house, task) == replaced


async def test_a_changed_task_is_kept(house: House) -> None:
    ann, task = await at_home(house, description=Description("All of them."))
    house.clock.now = LATER
    changed = await house.app.change_task(ann, None, task.id, {"title": Title("Other")})
    assert changed == replace(task, title=Title("Other"), version=2, updated_at=LATER)
    assert await kept(house, task) == changed


async def test_a_change_of_nothing_changes_nothing(house: House) -> None:
    ann, task = await at_home(house)
    house.clock.now = LATER
    assert await house.app.change_task(ann, None, task.id, {}) == task
    assert await kept(house, task) == task


async def test_a_completed_task_is_kept_and_completed_once(house: House) -> None:
    ann, task = await at_home(house)
    house.clock.now = LATER
    completed = await house.app.complete_task(ann, None, task.id)
    assert completed == replace(task, status=TaskStatus.COMPLETED, completed_at=LATER, version=2, updated_at=LATER)
    house.clock.advance(timedelta(hours=1))
    assert await house.app.complete_task(ann, None, task.id) == completed
    assert await kept(house, task) == completed


async def test_a_toggled_task_is_kept_and_flips_back(house: House) -> None:
    ann, task = await at_home(house)
    house.clock.now = LATER
    completed = await house.app.toggle_task(ann, None, task.id)
    assert completed == replace(task, status=TaskStatus.COMPLETED, completed_at=LATER, version=2, updated_at=LATER)
    assert await kept(house, task) == completed
    assert await house.app.toggle_task(ann, None, task.id) == replace(task, version=3, updated_at=LATER)


async def test_a_deleted_task_is_in_the_trash(house: House) -> None:
    ann, task = await at_home(house)
    house.clock.now = LATER
    await house.app.delete_task(ann, None, task.id)
    assert await kept(house, task) == replace(task, deleted_at=LATER, version=2, updated_at=LATER)


@pytest.mark.parametrize("use", OF_ONE_TASK.values(), ids=OF_ONE_TASK)
async def test_a_task_in_the_trash_is_not_found(house: House, use: Use) -> None:
    ann, task = await at_home(house)
    await house.app.delete_task(ann, None, task.id)
    before = await house.contents()
    with pytest.raises(TaskNotFound):
        await use(house.app, ann, None, task.id)
    assert await house.contents() == before


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_without_a_living_session_nothing_is_done(house: House, use: Use) -> None:
    ann, task = await at_home(house)
    await house.app.sign_out(ann)
    before = await house.contents()
    for owner_id in (None, str(ann.user_id), str(BEN)):
        with pytest.raises(NotAuthenticated):
            await use(house.app, ann, owner_id, task.id)
    assert await house.contents() == before


# In a space that is none of one's own


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("whose", ["somebody else's", "nobody's", "nil", "garbage", "empty"])
async def test_nothing_is_done_in_a_foreign_space(house: House, use: Use, whose: str) -> None:
    ann, task = await at_home(house)
    ben = await house.somebody("ben")
    owner_id = {
        "somebody else's": str(ann.user_id),
        "nobody's": str(BEN),
        "nil": str(NOBODY),
        "garbage": "tasks'; --",
        "empty": "",
    }[whose]
    before = await house.contents()
    with pytest.raises(SpaceForbidden):
        await use(house.app, ben, owner_id, task.id)
    assert await house.contents() == before


@pytest.mark.parametrize("use", OF_ONE_TASK.values(), ids=OF_ONE_TASK)
async def test_anothers_task_is_not_found_in_ones_own_space(house: House, use: Use) -> None:
    _, task = await at_home(house)
    ben = await house.somebody("ben")
    before = await house.contents()
    answers = []
    for id_ in (task.id, TASK, TaskId(NOBODY)):
        with pytest.raises(TaskNotFound) as refused:
            await use(house.app, ben, None, id_)
        answers.append((type(refused.value), refused.value.args))
    assert len(set(answers)) == 1
    assert await house.contents() == before


async def test_a_list_tells_nothing_of_other_spaces(house: House) -> None:
    await at_home(house)
    ben = await house.somebody("ben")
    assert _page(await house.app.list_tasks(ben, None, TaskQuery())) == Page([], 0)
    own = await house.app.create_task(ben, None, a_draft())
    assert _page(await house.app.list_tasks(ben, None, TaskQuery())) == Page([own], 1)


# In a space that is shared


@pytest.mark.parametrize(("role", "name"), list(product(Role, USES)))
async def test_a_role_may_do_what_the_contract_says(house: House, role: Role, name: str) -> None:
    ann, task = await at_home(house)
    ben = await house.somebody("ben")
    shared = await house.let_in(ben, ann, role)
    before = await house.contents()
    if name in ALLOWED[role]:
        await USES[name](house.app, ben, shared, task.id)
        assert (await house.contents() == before) is (name in READING)
    else:
        with pytest.raises(RoleTooLow):
            await USES[name](house.app, ben, shared, task.id)
        assert await house.contents() == before


@pytest.mark.parametrize("name", USES)
async def test_a_role_that_grants_nothing_allows_nothing(
    house: House, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, task = await at_home(house)
    monkeypatch.setattr("domain.access.GRANTS", dict.fromkeys(Role, frozenset()))
    before = await house.contents()
    with pytest.raises(RoleTooLow):
        await USES[name](house.app, ann, None, task.id)
    assert await house.contents() == before


@pytest.mark.parametrize("name", ["replace", "change", "complete", "toggle", "delete"])
async def test_a_role_that_is_too_low_is_refused_before_any_task_is_looked_for(house: House, name: str) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.VIEWER)
    with pytest.raises(RoleTooLow):
        await USES[name](house.app, ben, shared, TASK)


async def test_a_member_may_delete_what_they_made(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.MEMBER)
    task = await house.app.create_task(ben, shared, a_draft())
    await house.app.delete_task(ben, shared, task.id)
    assert (await kept(house, task)).deleted_at == NOON


async def test_who_was_made_a_viewer_may_not_even_delete_what_they_made(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.MEMBER)
    task = await house.app.create_task(ben, shared, a_draft())
    await house.let_in(ben, ann, Role.VIEWER)
    with pytest.raises(RoleTooLow):
        await house.app.delete_task(ben, shared, task.id)
    assert await kept(house, task) == task


async def test_a_task_made_in_a_shared_space_belongs_to_the_space(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    shared = await house.let_in(ben, ann, Role.MEMBER)
    task = await house.app.create_task(ben, shared, a_draft())
    assert (task.space_id, task.created_by) == (personal_space(ann.user_id), ben.user_id)
    assert await house.app.get_task(ann, None, task.id) == task
    assert (await house.app.list_tasks(ben, None, TaskQuery())).total == 0


async def test_a_membership_opens_one_space_and_not_the_other_way_round(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await house.let_in(ben, ann, Role.OWNER)
    with pytest.raises(SpaceForbidden):
        await house.app.list_tasks(ann, str(ben.user_id), TaskQuery())


# Assignees

Assign = Callable[[Application, Actor, TaskId, UserId], Awaitable[Task]]
ASSIGNMENTS: dict[str, Assign] = {
    "create": lambda app, actor, _, who: app.create_task(actor, None, a_draft(assignee_id=who)),
    "replace": lambda app, actor, id_, who: app.replace_task(actor, None, id_, a_draft(assignee_id=who)),
    "change": lambda app, actor, id_, who: app.change_task(actor, None, id_, {"assignee_id": who}),
}
whichever_way = pytest.mark.parametrize("assign", ASSIGNMENTS.values(), ids=ASSIGNMENTS)


@whichever_way
async def test_a_task_is_assigned_to_any_member(house: House, assign: Assign) -> None:
    ann, task = await at_home(house)
    ben = await house.somebody("ben")
    await house.let_in(ben, ann, Role.VIEWER)
    for who in (ben.user_id, ann.user_id):
        assigned = await assign(house.app, ann, task.id, who)
        assert assigned.assignee_id == who
        assert await kept(house, assigned) == assigned


@whichever_way
async def test_a_task_is_assigned_to_no_stranger_real_or_not(house: House, assign: Assign) -> None:
    ann, task = await at_home(house)
    ben = await house.somebody("ben")
    await house.let_in(ann, ben, Role.MEMBER)
    before = await house.contents()
    answers = []
    for stranger in (ben.user_id, BEN, UserId(NOBODY)):
        with pytest.raises(InvalidValue) as refused:
            await assign(house.app, ann, task.id, stranger)
        answers.append((refused.value.reason, refused.value.field, refused.value.message))
    assert answers == [("not_a_member", "assignee_id", "The assignee must be a member of this space.")] * 3
    assert await house.contents() == before


# Lists


async def several(house: House, count: int) -> tuple[Actor, list[Task]]:
    """Ann and her tasks, newest first; two at a time have the same moment."""
    ann, tasks = await house.somebody("ann"), list[Task]()
    for number in range(count):
        house.clock.advance(timedelta(seconds=number % 2))
        status = list(TaskStatus)[number % 4]
        tasks.insert(0, await house.app.create_task(ann, None, a_draft(f"Task {number}", status=status)))
    return ann, tasks


async def test_tasks_are_listed_newest_first(house: House) -> None:
    ann, tasks = await several(house, 5)
    assert _page(await house.app.list_tasks(ann, None, TaskQuery())) == Page(tasks, 5)


@pytest.mark.parametrize(("skip", "limit"), [(0, 2), (2, 2), (4, 2), (5, 2), (99, 2), (0, 5), (1, 100)])
async def test_a_page_is_a_stretch_of_the_list(house: House, skip: int, limit: int) -> None:
    ann, tasks = await several(house, 5)
    page = await house.app.list_tasks(ann, None, TaskQuery(skip=skip, limit=limit))
    assert _page(page) == Page(tasks[skip : skip + limit], 5)


async def test_a_page_has_twenty_tasks_unless_asked_otherwise(house: House) -> None:
    ann, tasks = await several(house, 21)
    assert _page(await house.app.list_tasks(ann, None, TaskQuery())) == Page(tasks[:20], 21)


@pytest.mark.parametrize(
    "statuses",
    [
        {TaskStatus.PENDING},
        {TaskStatus.COMPLETED},
        {TaskStatus.IN_PROGRESS, TaskStatus.CANCELLED},
        set(TaskStatus),
    ],
)
async def test_a_list_holds_any_of_the_statuses_asked_for(house: House, statuses: set[TaskStatus]) -> None:
    ann, tasks = await several(house, 8)
    wanted = [task for task in tasks if task.status in statuses]
    page = await house.app.list_tasks(ann, None, TaskQuery(statuses=frozenset(statuses), limit=3))
    assert _page(page) == Page(wanted[:3], len(wanted))


async def test_a_list_leaves_out_what_is_in_the_trash(house: House) -> None:
    ann, tasks = await several(house, 3)
    await house.app.delete_task(ann, None, tasks[1].id)
    assert _page(await house.app.list_tasks(ann, None, TaskQuery())) == Page([tasks[0], tasks[2]], 2)


# Transactions


@pytest.mark.parametrize("name", READING)
async def test_looking_waits_for_nobody_who_writes(house: House, name: str) -> None:
    ann, task = await at_home(house)
    async with house.store.begin(read_only=False):
        assert await unhindered(USES[name](house.app, ann, None, task.id))


@pytest.mark.parametrize("name", WRITING)
async def test_what_is_interrupted_leaves_nothing_behind(house: House, name: str) -> None:
    ann, task = await at_home(house)
    before = await house.contents()
    door = InterruptedSpace(house.store, house.clock)
    field = f"{name}_task"
    broken = replace(house.app, **{field: replace(getattr(house.app, field), open_space=door)})
    with pytest.raises(Interrupted):
        await USES[name](broken, ann, None, task.id)
    assert await house.contents() == before


async def test_two_changes_at_once_are_both_kept() -> None:
    house = House(CrowdedStore())
    ann, task = await at_home(house)
    one, other = await asyncio.gather(
        house.app.change_task(ann, None, task.id, {"title": Title("Other")}),
        house.app.change_task(ann, None, task.id, {"priority": Priority.URGENT}),
    )
    last = await kept(house, task)
    assert (last.title, last.priority, last.version) == ("Other", Priority.URGENT, 3)
    assert last in (one, other)


async def test_of_forty_toggles_at_once_none_is_lost() -> None:
    house = House(CrowdedStore())
    ann, task = await at_home(house)
    await asyncio.gather(*(house.app.toggle_task(ann, None, task.id) for _ in range(40)))
    assert await kept(house, task) == replace(task, version=41)


async def test_a_task_whose_assignee_has_left_can_still_be_changed(house: House) -> None:
    ann, ben = await house.somebody("ann"), await house.somebody("ben")
    await house.let_in(ben, ann, Role.MEMBER)
    task = await house.app.create_task(ann, None, a_draft(assignee_id=ben.user_id))
    async with house.store.begin(read_only=False) as contents:
        del contents.memberships[task.space_id, ben.user_id]
    changed = await house.app.change_task(ann, None, task.id, {"title": Title("changed")})
    assert (changed.title, changed.assignee_id) == ("changed", ben.user_id)


CHANGING: dict[str, Callable[[Application, Actor, Task, set[int]], Awaitable[object]]] = {
    "replace": lambda app, who, task, seen: app.replace_task(who, str(task.space_id), task.id, a_draft("Other"), seen),
    "change": lambda app, who, task, seen: app.change_task(who, str(task.space_id), task.id, {}, seen),
    "complete": lambda app, who, task, seen: app.complete_task(who, str(task.space_id), task.id, seen),
    "toggle": lambda app, who, task, seen: app.toggle_task(who, str(task.space_id), task.id, seen),
    "delete": lambda app, who, task, seen: app.delete_task(who, str(task.space_id), task.id, seen),
    "transfer": lambda app, who, task, seen: app.transfer_task(
        who, str(task.space_id), task.id, personal_space(who.user_id), seen
    ),
}


@pytest.mark.parametrize("name", CHANGING)
async def test_what_is_meant_for_another_version_changes_nothing(name: str, house: House) -> None:
    ann, task = await at_home(house)
    with pytest.raises(PreconditionFailed):
        await CHANGING[name](house.app, ann, task, {task.version + 1, task.version + 2})
    assert await house.app.get_task(ann, None, task.id) == task


@pytest.mark.parametrize("name", CHANGING)
async def test_what_is_meant_for_this_version_is_done(name: str, house: House) -> None:
    ann, task = await at_home(house)
    await CHANGING[name](house.app, ann, task, {task.version + 1, task.version})


@pytest.mark.parametrize("name", CHANGING)
async def test_what_is_not_there_is_in_no_version(name: str, house: House) -> None:
    ann, task = await at_home(house)
    await house.app.delete_task(ann, None, task.id)
    with pytest.raises(TaskNotFound):
        await CHANGING[name](house.app, ann, task, {task.version})


class Misremembering(MemoryOpenSpace):
    """A door to spaces that find at the very end that they are not as they were when they were last seen."""

    @asynccontextmanager
    async def __call__(
        self, actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[MemorySpace]:
        async with super().__call__(actor, owner_id, read_only=read_only) as space:
            yield space
            if recalls:
                raise RecallFailed


async def test_a_task_is_made_again_where_it_was_made_from_what_is_not_so_any_more(house: House) -> None:
    ann = await house.somebody("ann")
    recorded = house.app.create_task.open_space
    assert isinstance(recorded, RecordingOpenSpace)
    door = replace(recorded, open_space=Misremembering(house.store, house.clock))
    task = await replace(house.app.create_task, open_space=door)(ann, None, a_draft())
    assert list((await house.app.list_tasks(ann, None, TaskQuery())).items) == [task]
    noted = (await house.app.list_events(ann, None, AuditQuery())).items
    assert [event.action for event in noted if event.resource_type is Resource.TASK] == [Action.CREATE]
