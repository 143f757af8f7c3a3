"""Tasks: what they are, and how they may change."""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Access, Role
from domain.errors import InvalidValue, RoleTooLow
from domain.ids import personal_space
from domain.tag import TagName
from domain.task import Description, Priority, Task, TaskChanges, TaskStatus, Title
from tests.unit.builders import (
    ANN,
    BEN,
    LATER,
    NOON,
    TASK,
    UNSTORABLE,
    a_draft,
    a_full_task,
    a_task,
    access,
    few_examples,
)

EAST = timezone(timedelta(hours=2))
TOMORROW = NOON + timedelta(days=1)
COMPLETION_RULE = "A task has a completion time exactly while it is completed."
OPEN_STATUSES = [TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.CANCELLED]

Action = Callable[[Task, Access], Task]
EDITS: dict[str, Action] = {
    "create": lambda _, by: Task.create(a_draft(), id=TASK, by=by, at=LATER),
    "change": lambda task, by: task.change({"title": Title("Other")}, by=by, at=LATER),
    "change nothing": lambda task, by: task.change({}, by=by, at=LATER),
    "replace": lambda task, by: task.replace_with(a_draft("Other"), by=by, at=LATER),
    "complete": lambda task, by: task.complete(by=by, at=LATER),
    "toggle": lambda task, by: task.toggle(by=by, at=LATER),
    "delete": lambda task, by: task.delete(by=by, at=LATER),
}

DUE: dict[str, Callable[[datetime], Task]] = {
    "create": lambda when: Task.create(a_draft(due_date=when), id=TASK, by=access(), at=LATER),
    "change": lambda when: a_task().change({"due_date": when}, by=access(), at=LATER),
    "replace": lambda when: a_task().replace_with(a_draft(due_date=when), by=access(), at=LATER),
}
"""Every way to give a task a due date."""


def with_status(status: TaskStatus) -> Task:
    """A task where nothing else has its default."""
    return replace(a_full_task(), status=status, completed_at=NOON if status is TaskStatus.COMPLETED else None)


# Titles and descriptions


@pytest.mark.parametrize("text", ["a", "a" * 255, "\N{PILE OF POO}" * 255, " a ", "a\nb"])
def test_a_title_is_kept_as_it_is_written(text: str) -> None:
    assert Title(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "too_short"),
        ("a" * 256, "too_long"),
        ("\N{PILE OF POO}" * 256, "too_long"),
        (" ", "blank"),
        ("\t\n\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}", "blank"),
        *((f"a{character}", "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_a_title_that_breaks_a_rule_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Title(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize("text", ["", " ", "a" * 10_000, "\N{PILE OF POO}" * 10_000])
def test_a_description_is_kept_as_it_is_written(text: str) -> None:
    assert Description(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a" * 10_001, "too_long"),
        ("\N{PILE OF POO}" * 10_001, "too_long"),
        *((character, "unstorable_character") for character in UNSTORABLE.values()),
    ],
)
def test_a_description_that_breaks_a_rule_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Description(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Title, "", "A title needs at least 1 character."),
        (Title, "a" * 256, "A title may have at most 255 characters."),
        (Title, " ", "A title needs at least one character that is not a blank."),
        (Description, "a" * 10_001, "A description may have at most 10,000 characters."),
    ],
)
def test_a_refused_text_is_told_what_is_allowed(kind: type[str], text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        kind(text)
    assert str(refused.value) == message


def test_statuses_are_called_as_the_contract_calls_them() -> None:
    assert set(TaskStatus) == {"pending", "in_progress", "completed", "cancelled"}


def test_priorities_stand_in_the_order_of_importance() -> None:
    assert list(Priority) == ["low", "medium", "high", "urgent"]


# What a task can be


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_a_task_that_is_not_completed_has_no_time_of_completion(status: TaskStatus) -> None:
    assert with_status(status).completed_at is None
    with pytest.raises(InvalidValue) as refused:
        a_task(status=status, completed_at=NOON)
    assert (refused.value.reason, refused.value.message) == ("inconsistent", COMPLETION_RULE)


def test_a_completed_task_has_a_time_of_completion() -> None:
    assert with_status(TaskStatus.COMPLETED).completed_at == NOON
    with pytest.raises(InvalidValue) as refused:
        a_task(status=TaskStatus.COMPLETED)
    assert (refused.value.reason, refused.value.message) == ("inconsistent", COMPLETION_RULE)


@pytest.mark.parametrize("version", [0, -1])
def test_versions_count_from_one(version: int) -> None:
    assert a_task(version=1).version == 1
    with pytest.raises(InvalidValue) as refused:
        a_task(version=version)
    assert (refused.value.reason, refused.value.message) == ("inconsistent", "Versions of a task count from 1.")


@pytest.mark.parametrize("part", [part.name for part in fields(Task)])
def test_a_task_is_never_altered(part: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(a_task(), part, None)


def test_a_task_has_no_room_for_anything_else() -> None:
    assert not hasattr(a_task(), "__dict__")


# Making one


def test_a_new_task_is_made_by_somebody_in_a_space() -> None:
    shared = personal_space(ANN)
    made = Task.create(a_draft("Call Ben"), id=TASK, by=access(Role.MEMBER, user_id=BEN, space_id=shared), at=LATER)
    assert made == Task(
        id=TASK, space_id=shared, title=Title("Call Ben"), created_by=BEN, created_at=LATER, updated_at=LATER
    )


def test_what_a_draft_leaves_out_has_its_default() -> None:
    made = Task.create(a_draft(), id=TASK, by=access(), at=NOON)
    assert (made.description, made.due_date, made.assignee_id, made.completed_at, made.deleted_at) == (None,) * 5
    assert (made.status, made.priority, made.tags, made.version) == (TaskStatus.PENDING, Priority.MEDIUM, (), 1)


def test_a_task_has_what_its_draft_says() -> None:
    draft = a_draft(
        "Water the plants",
        description=Description("All of them."),
        status=TaskStatus.IN_PROGRESS,
        priority=Priority.URGENT,
        due_date=TOMORROW,
        tags=(TagName("home"),),
        assignee_id=BEN,
    )
    assert Task.create(draft, id=TASK, by=access(), at=NOON) == a_task(**draft)


def test_a_task_may_be_completed_from_the_start() -> None:
    made = Task.create(a_draft(status=TaskStatus.COMPLETED), id=TASK, by=access(), at=LATER)
    assert (made.completed_at, made.version) == (LATER, 1)


# Changing one


@pytest.mark.parametrize(
    "changes",
    [
        TaskChanges(title=Title("Other")),
        TaskChanges(description=Description("Other.")),
        TaskChanges(description=Description("")),
        TaskChanges(description=None),
        TaskChanges(priority=Priority.LOW),
        TaskChanges(due_date=NOON),
        TaskChanges(due_date=None),
        TaskChanges(tags=(TagName("other"),)),
        TaskChanges(tags=(TagName("HOME"), TagName("green"))),
        TaskChanges(tags=(TagName("green"), TagName("home"))),
        TaskChanges(tags=()),
        TaskChanges(assignee_id=ANN),
        TaskChanges(assignee_id=None),
        TaskChanges(title=Title("Other"), description=None, priority=Priority.LOW),
    ],
)
def test_a_change_touches_what_it_names_and_makes_the_next_version(changes: TaskChanges) -> None:
    task = a_full_task()
    changed = task.change(changes, by=access(), at=LATER)
    assert changed == replace(task, **changes, version=8, updated_at=LATER)


@pytest.mark.parametrize(
    "changes",
    [
        TaskChanges(),
        TaskChanges(title=Title("Water the plants")),
        TaskChanges(status=TaskStatus.COMPLETED),
        TaskChanges(due_date=TOMORROW.astimezone(EAST)),
        TaskChanges(tags=(TagName("home"), TagName("green"))),
        TaskChanges(tags=(TagName("home"), TagName("Home"), TagName("green"), TagName("GREEN"))),
        TaskChanges(description=Description("All of them."), priority=Priority.URGENT, assignee_id=BEN),
    ],
)
def test_a_change_that_changes_nothing_leaves_the_task_as_it_is(changes: TaskChanges) -> None:
    task = a_full_task()
    assert task.change(changes, by=access(), at=LATER) is task


def test_the_changes_asked_for_are_left_as_they_are() -> None:
    changes = TaskChanges(due_date=TOMORROW.astimezone(EAST), tags=(TagName("a"), TagName("A")))
    a_task().change(changes, by=access(), at=LATER)
    assert changes == TaskChanges(due_date=TOMORROW, tags=(TagName("a"), TagName("A")))
    assert changes["due_date"] is not None
    assert changes["due_date"].tzinfo is EAST


@pytest.mark.parametrize("due", DUE.values(), ids=DUE)
def test_a_due_date_is_kept_in_utc(due: Callable[[datetime], Task]) -> None:
    kept = due(TOMORROW.astimezone(EAST)).due_date
    assert kept is not None
    assert (kept, kept.utcoffset()) == (TOMORROW, timedelta(0))


@pytest.mark.parametrize("due", DUE.values(), ids=DUE)
def test_a_due_date_without_an_offset_is_refused(due: Callable[[datetime], Task]) -> None:
    with pytest.raises(InvalidValue) as refused:
        due(TOMORROW.replace(tzinfo=None))
    assert refused.value.reason == "naive_time"


def test_each_tag_is_kept_once() -> None:
    draft = a_draft(tags=(TagName("Home"), TagName("art"), TagName("home")))
    assert Task.create(draft, id=TASK, by=access(), at=NOON).tags == ("Home", "art")


def test_too_many_tags_are_refused() -> None:
    tags = tuple(TagName(f"tag {number}") for number in range(51))
    with pytest.raises(InvalidValue) as refused:
        a_task().change({"tags": tags}, by=access(), at=LATER)
    assert (refused.value.reason, refused.value.field) == ("too_many", "tags")


def test_a_change_to_completed_takes_the_time() -> None:
    changed = a_task().change({"status": TaskStatus.COMPLETED}, by=access(), at=LATER)
    assert changed == a_task(status=TaskStatus.COMPLETED, completed_at=LATER, updated_at=LATER, version=2)


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_a_completed_task_that_is_taken_up_again_forgets_the_time(status: TaskStatus) -> None:
    changed = with_status(TaskStatus.COMPLETED).change({"status": status}, by=access(), at=LATER)
    assert changed == replace(a_full_task(), status=status, completed_at=None, updated_at=LATER, version=8)


def test_a_completed_task_keeps_the_time_while_other_things_change() -> None:
    changed = with_status(TaskStatus.COMPLETED).change({"title": Title("Other")}, by=access(), at=LATER)
    assert changed.completed_at == NOON


# Replacing one


def test_a_replacement_resets_what_it_leaves_out() -> None:
    replaced = a_full_task().replace_with(a_draft("Other"), by=access(), at=LATER)
    assert replaced == a_task(title=Title("Other"), version=8, updated_at=LATER)


def test_a_replacement_takes_what_it_names() -> None:
    full = a_full_task()
    draft = a_draft(
        full.title,
        description=full.description,
        status=full.status,
        priority=full.priority,
        due_date=full.due_date,
        tags=full.tags,
        assignee_id=full.assignee_id,
    )
    assert a_task(version=6).replace_with(draft, by=access(), at=LATER) == replace(
        full, completed_at=LATER, updated_at=LATER
    )


def test_a_replacement_by_the_same_leaves_the_task_as_it_is() -> None:
    task = a_task()
    assert task.replace_with(a_draft(task.title), by=access(), at=LATER) is task


def test_a_replacement_that_stays_completed_keeps_the_time() -> None:
    replaced = a_full_task().replace_with(a_draft("Other", status=TaskStatus.COMPLETED), by=access(), at=LATER)
    assert replaced.completed_at == NOON


# Completing, toggling, deleting one


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_a_task_can_be_completed_whatever_it_was(status: TaskStatus) -> None:
    task = with_status(status)
    assert task.complete(by=access(), at=LATER) == replace(
        task, status=TaskStatus.COMPLETED, completed_at=LATER, updated_at=LATER, version=8
    )


def test_a_completed_task_stays_as_it_is() -> None:
    task = with_status(TaskStatus.COMPLETED)
    assert task.complete(by=access(), at=LATER) is task


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_toggling_completes_a_task_that_was_not(status: TaskStatus) -> None:
    task = with_status(status)
    assert task.toggle(by=access(), at=LATER) == replace(
        task, status=TaskStatus.COMPLETED, completed_at=LATER, updated_at=LATER, version=8
    )


def test_toggling_a_completed_task_makes_it_pending() -> None:
    task = with_status(TaskStatus.COMPLETED)
    assert task.toggle(by=access(), at=LATER) == replace(
        task, status=TaskStatus.PENDING, completed_at=None, updated_at=LATER, version=8
    )


@pytest.mark.parametrize("status", TaskStatus)
def test_a_deleted_task_is_in_the_trash_and_otherwise_as_it_was(status: TaskStatus) -> None:
    task = with_status(status)
    assert task.delete(by=access(), at=LATER) == replace(task, deleted_at=LATER, updated_at=LATER, version=8)


# Who may


@pytest.mark.parametrize("action", EDITS.values(), ids=EDITS)
def test_a_viewer_may_change_nothing(action: Action) -> None:
    with pytest.raises(RoleTooLow):
        action(a_task(), access(Role.VIEWER))


@pytest.mark.parametrize("role", [Role.MEMBER, Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize("action", EDITS.values(), ids=EDITS)
def test_everybody_else_may_change_what_they_made(action: Action, role: Role) -> None:
    assert action(a_task(created_by=ANN), access(role, user_id=ANN)).created_by == ANN


@pytest.mark.parametrize("name", ["change", "change nothing", "replace", "complete", "toggle"])
def test_a_member_may_change_what_others_made(name: str) -> None:
    assert EDITS[name](a_task(created_by=BEN), access(Role.MEMBER, user_id=ANN)).created_by == BEN


def test_a_member_may_not_delete_what_others_made() -> None:
    with pytest.raises(RoleTooLow):
        a_task(created_by=BEN).delete(by=access(Role.MEMBER, user_id=ANN), at=LATER)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_admins_and_owners_may_delete_what_others_made(role: Role) -> None:
    assert a_task(created_by=BEN).delete(by=access(role, user_id=ANN), at=LATER).deleted_at == LATER


def test_being_the_assignee_is_no_right_to_delete() -> None:
    with pytest.raises(RoleTooLow):
        a_task(created_by=BEN, assignee_id=ANN).delete(by=access(Role.MEMBER, user_id=ANN), at=LATER)


# Whatever happens to one

_details: dict[Any, st.SearchStrategy[Any]] = {
    "description": st.none() | st.sampled_from(["", "All of them."]).map(Description),
    "status": st.sampled_from(TaskStatus),
    "priority": st.sampled_from(Priority),
    "due_date": st.none() | st.sampled_from([NOON, TOMORROW, TOMORROW.astimezone(EAST)]),
    "tags": st.lists(st.sampled_from(["a", "A", "b"]).map(TagName), max_size=3).map(tuple),
    "assignee_id": st.none() | st.sampled_from([ANN, BEN]),
}
_titles = {"title": st.sampled_from(["One", "Two"]).map(Title)}
_Step = Callable[[Task, datetime], Task]


def _changing(changes: Any) -> _Step:
    return lambda task, at: task.change(changes, by=access(), at=at)


def _replacing(draft: Any) -> _Step:
    return lambda task, at: task.replace_with(draft, by=access(), at=at)


_steps: st.SearchStrategy[_Step] = st.one_of(
    st.just(lambda task, at: task.complete(by=access(), at=at)),
    st.just(lambda task, at: task.toggle(by=access(), at=at)),
    st.just(lambda task, at: task.delete(by=access(), at=at)),
    st.fixed_dictionaries({}, optional=_titles | _details).map(_changing),
    st.fixed_dictionaries(_titles, optional=_details).map(_replacing),
)


def _identity(task: Task) -> tuple[object, ...]:
    return task.id, task.space_id, task.created_by, task.created_at


@few_examples
@given(st.lists(_steps, min_size=1, max_size=8))
def test_whatever_happens_to_a_task_it_keeps_its_rules(steps: list[_Step]) -> None:
    task = a_task()
    for number, step in enumerate(steps, start=1):
        at = NOON + timedelta(minutes=number)
        before, seen = task, repr(task)
        task = step(before, at)
        assert repr(before) == seen
        assert (task.completed_at is not None) == (task.status is TaskStatus.COMPLETED)
        assert _identity(task) == _identity(before)
        if task == before:
            assert task is before
        else:
            assert (task.version, task.updated_at) == (before.version + 1, at)
