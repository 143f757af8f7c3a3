"""What clients send and see of tasks."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, with_config
from starlette.responses import Response
from typing_extensions import TypedDict

from domain.ids import TaskId, read_id
from domain.tag import MOST_TAGS
from domain.task import Priority, Task, TaskStatus
from entrypoints.http.conditions import tagged
from entrypoints.http.fields import STRICT, DescriptionField, MomentField, TagField, TitleField, UserIdField, UuidField


class TaskDetails(TypedDict, total=False):
    """What may be left out."""

    description: DescriptionField | None
    status: TaskStatus
    priority: Priority
    due_date: MomentField | None
    tags: Annotated[tuple[TagField, ...], Field(max_length=MOST_TAGS)]
    assignee_id: UserIdField | None


@with_config(STRICT)
class TaskBody(TaskDetails):
    """A task to make, or to put in the place of another. What is left out has its default."""

    title: TitleField


@with_config(STRICT)
class TaskPatch(TaskDetails, total=False):
    """What is to be changed. What is left out stays as it is, ``null`` clears, ``{}`` changes nothing."""

    title: TitleField


class TaskView(TypedDict):
    """A task."""

    id: UuidField
    owner_id: UuidField
    title: str
    description: str | None
    status: TaskStatus
    priority: Priority
    due_date: datetime | None
    tags: Annotated[list[str], Field(max_length=MOST_TAGS)]
    assignee_id: UuidField | None
    created_by: UuidField
    completed_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


def task_view(task: Task) -> TaskView:
    """What clients see of a task."""
    assignee_id = task.assignee_id
    return {
        "id": str(task.id),
        "owner_id": str(task.space_id),
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority": task.priority,
        "due_date": task.due_date,
        "tags": list(task.tags),
        "assignee_id": None if assignee_id is None else str(assignee_id),
        "created_by": str(task.created_by),
        "completed_at": task.completed_at,
        "version": task.version,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }


def shown(task: Task) -> Response:
    """A task with its entity tag."""
    return tagged(task_view(task), task.version)


class DeletedView(TypedDict):
    """How many tasks are gone from where they were."""

    deleted_count: int


def read_task_id(text: str) -> TaskId:
    """The id of a task in a path or a body."""
    return TaskId(read_id(text))
