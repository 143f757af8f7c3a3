"""In which order tasks are listed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.place import Place
from domain.task import Task
from domain.time import microseconds

NEVER: Final = 2**63 - 1
"""Where a task without a due date stands, from the first to the last: behind every moment there is."""

_NEVER_BACKWARDS: Final = -(2**63)


class TaskOrder(StrEnum):
    """What tasks are ordered by. The same is ordered by id."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    DUE_DATE = "due_date"
    PRIORITY = "priority"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Sort:
    """An order with its direction; what is ordered alike is ordered by id. Without a due date comes last in both."""

    by: TaskOrder = TaskOrder.CREATED_AT
    descending: bool = True

    def place(self, task: Task) -> Place:
        """Where a task stands in this order."""
        return Place(self._key(task), task.id)

    def _key(self, task: Task) -> int | str:
        match self.by:
            case TaskOrder.TITLE:
                return task.title.key
            case TaskOrder.PRIORITY:
                return task.priority.rank
            case TaskOrder.DUE_DATE:
                return due_key(task.due_date, descending=self.descending)
            case TaskOrder.UPDATED_AT:
                return microseconds(task.updated_at)
            case _:
                return microseconds(task.created_at)


NEWEST_FIRST: Final = Sort()


def place_in_trash(task: Task) -> Place:
    """Where a task stands among the deleted ones."""
    assert task.deleted_at is not None, "only deleted tasks are in the trash"
    return Place(microseconds(task.deleted_at), task.id)


def due_key(due_date: datetime | None, *, descending: bool) -> int:
    """The due date as a number by which the tasks without one come last."""
    if due_date is None:
        return _NEVER_BACKWARDS if descending else NEVER
    return microseconds(due_date)
