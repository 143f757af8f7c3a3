"""In which order tasks come."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.errors import InvalidValue
from domain.ids import TaskId
from domain.place import Place
from domain.task import Priority, SearchText, Task, Title
from domain.task_order import NEVER, NEWEST_FIRST, Sort, TaskOrder, due_key
from domain.time import microseconds
from tests.unit.builders import LATER, NOON, TASK, TICK, a_task

EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


def key(task: Task, by: TaskOrder, *, descending: bool = False) -> int | str:
    place = Sort(by, descending).place(task)
    assert place.id == task.id
    return place.key


@pytest.mark.parametrize("descending", [True, False])
def test_a_task_stands_where_its_values_say(*, descending: bool) -> None:
    task = a_task(title=Title("Straße"), priority=Priority.HIGH, due_date=LATER, created_at=NOON, updated_at=LATER)
    keys = {by: key(task, by, descending=descending) for by in TaskOrder}
    assert keys == {
        TaskOrder.CREATED_AT: microseconds(NOON),
        TaskOrder.UPDATED_AT: microseconds(LATER),
        TaskOrder.DUE_DATE: microseconds(LATER),
        TaskOrder.PRIORITY: 2,
        TaskOrder.TITLE: "strasse",
    }


def test_the_newest_come_first_unless_something_else_is_said() -> None:
    assert Sort(TaskOrder.CREATED_AT, descending=True) == NEWEST_FIRST
    assert Place(1, TASK) != Place(1, TaskId(UUID(int=1)))


@pytest.mark.parametrize("due", [EARLIEST, NOON, LATEST])
def test_tasks_without_a_due_date_come_last_in_both_directions(due: datetime) -> None:
    assert key(a_task(due_date=due), TaskOrder.DUE_DATE) < key(a_task(), TaskOrder.DUE_DATE) == NEVER  # type: ignore[operator] # both are numbers
    assert due_key(due, descending=True) > due_key(None, descending=True)


def test_priorities_are_ordered_by_how_much_they_matter() -> None:
    assert [priority.rank for priority in (Priority.LOW, Priority.MEDIUM, Priority.HIGH, Priority.URGENT)] == [
        0, 1, 2, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("moment", [EARLIEST, datetime(1970, 1, 1, tzinfo=UTC), NOON, LATEST])
def test_moments_are_counted_to_the_microsecond(moment: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(moment)) == moment
    assert microseconds(NOON + TICK) - microseconds(NOON) == 1


def test_case_does_not_matter_where_something_is_looked_for() -> None:
    assert Title("ÄRGER").key == Title("Ärger").key


def test_a_search_has_at_most_255_characters() -> None:
    assert SearchText("") == ""
    assert len(SearchText("x" * 255)) == 255
    with pytest.raises(InvalidValue, match="255"):
        SearchText("x" * 256)
