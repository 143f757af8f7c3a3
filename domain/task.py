"""Tasks: what they are and how they may change."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self, TypedDict, TypeVar

from domain.access import Access, Permission
from domain.characters import SEPARATOR, folded
from domain.errors import InvalidValue
from domain.ids import SpaceId, TaskId, UserId
from domain.tag import TagName, distinct_tags
from domain.text import checked_text, visible_text
from domain.time import in_utc, not_before


class Title(str):
    """What a task is called: 1 to 255 characters, one of which can be seen. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, visible_text(text, what="A title", shortest=1, longest=255))

    @property
    def key(self) -> str:
        """The title without regard to case: it is ordered by this, code point by code point."""
        return self.casefold()


class Description(str):
    """What there is to say about a task: at most 10,000 characters. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, checked_text(text, what="A description", shortest=0, longest=10_000))


class SearchText(str):
    """What to look for in texts: at most 255 characters. Raises InvalidValue.

    Case and accents make no difference, so text of nothing but accents is refused: everything would fit it.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        checked = checked_text(text, what="A search", shortest=0, longest=255)
        if checked and not folded(checked):
            raise InvalidValue("blank", "A search needs a character besides accents.")
        return super().__new__(cls, checked)

    @property
    def key(self) -> str:
        """What is looked for in the search text of tasks and accounts."""
        return folded(self)


class TaskStatus(StrEnum):
    """How far a task has come."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


UNFINISHED: Final = frozenset({TaskStatus.PENDING, TaskStatus.IN_PROGRESS})
"""Those of tasks that can be overdue."""


class Priority(StrEnum):
    """How much a task matters; the order of the members is the order of importance."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """Its place in the order of importance, from 0."""
        return _RANKS[self]


_RANKS: Final = {priority: rank for rank, priority in enumerate(Priority)}


class _Details(TypedDict, total=False):
    description: Description | None
    status: TaskStatus
    priority: Priority
    due_date: datetime | None
    tags: tuple[TagName, ...]
    assignee_id: UserId | None


class TaskDraft(_Details):
    """What a task is made from, or replaced by: a title, and the rest where it is not the default."""

    title: Title


class TaskChanges(_Details, total=False):
    """What is to be changed about a task. What is left out stays as it is; None clears what can be empty."""

    title: Title


Described = TypeVar("Described", TaskDraft, TaskChanges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work in one space. Immutable: a change returns a new task with the next version.

    ``completed_at`` is set exactly while the status is completed; every time is in UTC.
    """

    id: TaskId
    space_id: SpaceId
    title: Title
    description: Description | None = None
    status: TaskStatus = TaskStatus.PENDING
    priority: Priority = Priority.MEDIUM
    due_date: datetime | None = None
    tags: tuple[TagName, ...] = ()
    assignee_id: UserId | None = None
    created_by: UserId
    completed_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    def __post_init__(self) -> None:
        if (self.completed_at is not None) != (self.status is TaskStatus.COMPLETED):
            raise InvalidValue("inconsistent", "A task has a completion time exactly while it is completed.")
        if self.version < 1:
            raise InvalidValue("inconsistent", "Versions of a task count from 1.")

    @property
    def search_text(self) -> str:
        """What a search looks through: title and description, without regard to case and accents."""
        description = self.description
        return folded(self.title) if not description else f"{folded(self.title)}{SEPARATOR}{folded(description)}"

    @classmethod
    def create(cls, draft: TaskDraft, *, id: TaskId, by: Access, at: datetime) -> Self:
        """Make a task in the space of ``by``. Whoever may edit there may; raises RoleTooLow otherwise."""
        by.require(Permission.EDIT_ITEMS)
        return cls(
            id=id,
            space_id=by.space_id,
            created_by=by.user_id,
            completed_at=at if draft.get("status") is TaskStatus.COMPLETED else None,
            created_at=at,
            updated_at=at,
            **_settled(draft),
        )

    def change(self, changes: TaskChanges, *, by: Access, at: datetime) -> Self:
        """Apply ``changes``. Whoever may edit may; raises RoleTooLow. Returns itself where nothing changes."""
        by.require(Permission.EDIT_ITEMS)
        at = not_before(self.updated_at, at)
        changed = self._with(changes, at=at)
        return self if changed == self else replace(changed, version=self.version + 1, updated_at=at)

    def replace_with(self, draft: TaskDraft, *, by: Access, at: datetime) -> Self:
        """Replace everything that may be changed: what the draft leaves out returns to its default."""
        defaults = TaskChanges(
            description=None,
            status=TaskStatus.PENDING,
            priority=Priority.MEDIUM,
            due_date=None,
            tags=(),
            assignee_id=None,
        )
        return self.change(TaskChanges(**{**defaults, **draft}), by=by, at=at)

    def complete(self, *, by: Access, at: datetime) -> Self:
        """Mark as completed. A completed task stays as it is."""
        return self.change({"status": TaskStatus.COMPLETED}, by=by, at=at)

    def toggle(self, *, by: Access, at: datetime) -> Self:
        """Flip between completed and pending; a task under way or cancelled becomes completed."""
        done = self.status is TaskStatus.COMPLETED
        return self.change({"status": TaskStatus.PENDING if done else TaskStatus.COMPLETED}, by=by, at=at)

    def delete(self, *, by: Access, at: datetime) -> Self:
        """Move to the trash. The maker may, and whoever may delete others' items; raises RoleTooLow."""
        by.require_deletion_of_item_by(self.created_by)
        at = not_before(self.updated_at, at)
        return replace(self, deleted_at=at, version=self.version + 1, updated_at=at)

    def restore(self, *, by: Access, at: datetime) -> Self:
        """Bring back from the trash. Whoever may have put it there may; raises RoleTooLow."""
        by.require_deletion_of_item_by(self.created_by)
        return replace(self, deleted_at=None, version=self.version + 1, updated_at=not_before(self.updated_at, at))

    def transfer(self, to: SpaceId, *, keeps_assignee: bool, by: Access, at: datetime) -> Self:
        """Hand over to another space. Whoever may delete it here may; raises RoleTooLow."""
        by.require_deletion_of_item_by(self.created_by)
        assignee_id = self.assignee_id if keeps_assignee else None
        at = not_before(self.updated_at, at)
        return replace(self, space_id=to, assignee_id=assignee_id, version=self.version + 1, updated_at=at)

    def with_tags(self, tags: tuple[TagName, ...]) -> Self:
        """The same version, with its tags as the space that it is to be kept in spells them."""
        return replace(self, tags=tags)

    def _with(self, changes: TaskChanges, *, at: datetime) -> Self:
        """The task with these changes and what follows from them, in the same version."""
        status = changes.get("status", self.status)
        done_before = self.completed_at or at
        completed_at = done_before if status is TaskStatus.COMPLETED else None
        return replace(self, **_settled(changes), completed_at=completed_at)


def _settled(changes: Described) -> Described:
    """The changes as they are kept: times in UTC, each tag once."""
    settled = changes.copy()
    due_date = changes.get("due_date")
    if due_date is not None:
        settled["due_date"] = in_utc(due_date)
    if "tags" in changes:
        settled["tags"] = distinct_tags(changes["tags"])
    return settled
