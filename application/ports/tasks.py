"""Where the tasks of one space are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Protocol, Self

from application.ports.paging import Page, Stretch
from domain.due import ALWAYS, DueIn, Span
from domain.ids import NOBODY, TaskId, UserId
from domain.tag import TagName
from domain.task import Priority, Task, TaskStatus
from domain.task_order import NEWEST_FIRST, Sort

FIRST: Final = TaskId(NOBODY)
"""All ids come behind it."""


@dataclass(frozen=True, kw_only=True)
class TaskFilters:
    """Which tasks are meant: those that fit every filter. What is empty or None asks for nothing."""

    statuses: frozenset[TaskStatus] = frozenset()
    """Any of these."""
    priorities: frozenset[Priority] = frozenset()
    """Any of these."""
    tags: frozenset[str] = frozenset()
    """Any tag that has one of these keys."""
    assignee_id: UserId | None = None
    due: Span = ALWAYS
    """Due within this stretch of time; with an end on either side, tasks without a due date are left out."""
    is_unfinished: bool = False
    """Neither completed nor cancelled."""
    text: str | None = None
    """With this in the search text, as ``SearchText.key`` writes it."""

    def narrowed(self, due: DueIn | None, at: datetime) -> Self:
        """The same, and due when ``due`` says, seen from this moment."""
        if due is None:
            return self
        return replace(self, due=self.due.within(due.span(at)), is_unfinished=due.is_overdue)


@dataclass(frozen=True, kw_only=True)
class TaskQuery(TaskFilters, Stretch):
    """Which tasks are wanted, in which order, and which stretch of them."""

    sort: Sort = NEWEST_FIRST


class Tasks(Protocol):
    """The tasks of the space they were reached through. Those in the trash are found by ``trash`` alone."""

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        ...

    async def get(self, task_id: TaskId) -> Task:
        """The task. In a space opened for writing nobody else changes it until the space closes.

        Raises TaskNotFound.
        """
        ...

    async def save(self, task: Task, *, was: Task) -> None:
        """Replace ``was``, as it was read, by ``task``. Raises StaleVersion if it has changed since."""
        ...

    async def add_all(self, tasks: Sequence[Task]) -> None:
        """Keep many new tasks."""
        ...

    async def get_all(self, task_ids: Collection[TaskId]) -> Sequence[Task]:
        """Those of these ids that there are, by id. Held as ``get`` holds one."""
        ...

    async def save_all(self, changes: Sequence[tuple[Task, Task]]) -> None:
        """Replace the second of each pair, as ``get_all`` gave it in this space, by the first."""
        ...

    async def trashed(self, task_id: TaskId) -> Task:
        """A task in the trash, held as ``get`` holds one. Raises TaskNotFound."""
        ...

    async def purge(self, task: Task) -> None:
        """Remove a task in the trash for good. Raises StaleVersion if it has changed since."""
        ...

    async def empty_trash(self, *, limit: int, after: TaskId = FIRST) -> Sequence[TaskId]:
        """Remove up to ``limit`` tasks in the trash for good whose ids come behind ``after``; tells which, by id."""
        ...

    async def delete_found(
        self, filters: TaskFilters, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Move up to ``limit`` tasks to the trash that fit the filters; tells which, by id.

        Looks at those whose ids come behind ``after``. Each gets its next version.
        """
        ...

    async def unassign(self, user_id: UserId, *, at: datetime, limit: int) -> Sequence[TaskId]:
        """Take up to ``limit`` tasks from this person, those in the trash too; tells which.

        Each gets its next version.
        """
        ...

    async def retag(
        self, was: TagName, now: TagName | None, *, at: datetime, limit: int, after: TaskId = FIRST
    ) -> Sequence[TaskId]:
        """Put one name in the place of another on up to ``limit`` tasks, or take it off; tells which, by id.

        Looks at those whose ids come behind ``after``, in the trash too. Each gets its next version.
        """
        ...

    async def find(self, query: TaskQuery) -> Page[Task]:
        """Those that ``query`` asks for."""
        ...

    async def trash(self, stretch: Stretch) -> Page[Task]:
        """Those in the trash, the last deleted first."""
        ...
