"""Tasks, in one's own space and in the space that the URL names."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field, model_validator, with_config
from typing_extensions import TypedDict

from application.ports.tasks import TaskPage, TaskQuery
from domain.errors import InvalidValue
from domain.ids import SpaceId, TaskId, read_id
from domain.task import Priority, Task, TaskStatus
from entrypoints.http.fields import (
    STRICT,
    DescriptionField,
    MomentField,
    TagField,
    TitleField,
    UserIdField,
    UuidField,
)
from entrypoints.http.openapi import created, refusals
from entrypoints.http.paging import DEFAULT_SIZE, FARTHEST, LARGEST_SIZE
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute

router = APIRouter(route_class=SpaceRoute, tags=["tasks"])


class _Details(TypedDict, total=False):
    description: DescriptionField | None
    status: TaskStatus
    priority: Priority
    due_date: MomentField | None
    tags: tuple[TagField, ...]
    assignee_id: UserIdField | None


@with_config(STRICT)
class TaskBody(_Details):
    """A task to make, or to put in the place of another. What is left out has its default."""

    title: TitleField


@with_config(STRICT)
class TaskPatch(_Details, total=False):
    """What is to be changed. What is left out stays as it is, ``null`` clears, ``{}`` changes nothing."""

    title: TitleField


@with_config(STRICT)
class TransferBody(TypedDict):
    """Where a task is to go: one's own id, an organisation's, or a person's."""

    to: UserIdField


class TaskView(TypedDict):
    """A task."""

    id: UuidField
    owner_id: UuidField
    title: str
    description: str | None
    status: TaskStatus
    priority: Priority
    due_date: datetime | None
    tags: list[str]
    assignee_id: UuidField | None
    created_by: UuidField
    completed_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class TaskListView(TypedDict):
    """A stretch of the tasks found; ``total`` counts them all."""

    items: list[TaskView]
    total: int
    page: int
    page_size: int


def view(task: Task) -> TaskView:
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


class ListParameters(BaseModel):
    """Which tasks, and which stretch of them: by ``page`` and ``page_size``, or by ``skip`` and ``limit``."""

    model_config = STRICT

    page: Annotated[int | None, Field(ge=1, le=FARTHEST // LARGEST_SIZE)] = None
    page_size: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE)] = None
    skip: Annotated[int | None, Field(ge=0, le=FARTHEST)] = None
    limit: Annotated[int | None, Field(ge=1, le=LARGEST_SIZE)] = None
    status: Annotated[list[TaskStatus], Field(description="Repeated: any of these.")] = []

    @model_validator(mode="after")
    def _one_way_of_paging(self) -> Self:
        by_page = self.page is not None or self.page_size is not None
        by_skip = self.skip is not None or self.limit is not None
        if by_page and by_skip:
            raise InvalidValue("paging_twice", "Use either 'page' and 'page_size', or 'skip' and 'limit', not both.")
        return self

    @property
    def size(self) -> int:
        """How many at most."""
        return self.page_size or self.limit or DEFAULT_SIZE

    def query(self) -> TaskQuery:
        """What the use case is asked for."""
        skip = ((self.page or 1) - 1) * self.size if self.skip is None else self.skip
        return TaskQuery(statuses=frozenset(self.status), skip=skip, limit=self.size)


def _list_view(found: TaskPage, query: TaskQuery) -> TaskListView:
    return {
        "items": [view(task) for task in found.items],
        "total": found.total,
        "page": query.skip // query.limit + 1,
        "page_size": query.limit,
    }


def _task_id(text: str) -> TaskId:
    return TaskId(read_id(text))


@router.get("/tasks", response_model=TaskListView)
async def list_tasks(call: CurrentCall, parameters: Annotated[ListParameters, Query()]) -> Response:
    """List the tasks of a space, newest first. Every member may."""
    query = parameters.query()
    found = await call.app.list_tasks(call.actor, call.owner_id, query)
    return Json(_list_view(found, query))


@router.get("/tasks/{task_id}", response_model=TaskView, responses=refusals(404))
async def get_task(call: CurrentCall, task_id: str) -> Response:
    """Show one task. Every member of its space may."""
    task = await call.app.get_task(call.actor, call.owner_id, _task_id(task_id))
    return Json(view(task))


@router.post("/tasks", status_code=201, response_model=TaskView, responses=created())
async def create_task(call: CurrentCall, body: Annotated[TaskBody, Body()]) -> Response:
    """Add a task. Every member but a viewer may."""
    task = await call.app.create_task(call.actor, call.owner_id, body)
    return Json(view(task), 201, {"Location": call.location("tasks", task.id)})


@router.put("/tasks/{task_id}", response_model=TaskView, responses=refusals(404, 409))
async def replace_task(call: CurrentCall, task_id: str, body: Annotated[TaskBody, Body()]) -> Response:
    """Replace a task: what is left out returns to its default. Every member but a viewer may."""
    task = await call.app.replace_task(call.actor, call.owner_id, _task_id(task_id), body)
    return Json(view(task))


@router.patch("/tasks/{task_id}", response_model=TaskView, responses=refusals(404, 409))
async def change_task(call: CurrentCall, task_id: str, body: Annotated[TaskPatch, Body()]) -> Response:
    """Change a task: what is left out stays as it is. Every member but a viewer may."""
    task = await call.app.change_task(call.actor, call.owner_id, _task_id(task_id), body)
    return Json(view(task))


@router.delete("/tasks/{task_id}", status_code=204, responses=refusals(404, 409))
async def delete_task(call: CurrentCall, task_id: str) -> Response:
    """Move a task to the trash. Its maker may, and the admins of its space."""
    await call.app.delete_task(call.actor, call.owner_id, _task_id(task_id))
    return no_content()


@router.post("/tasks/{task_id}/complete", response_model=TaskView, responses=refusals(404, 409))
async def complete_task(call: CurrentCall, task_id: str) -> Response:
    """Mark a task as completed; a completed one stays as it is. Every member but a viewer may."""
    task = await call.app.complete_task(call.actor, call.owner_id, _task_id(task_id))
    return Json(view(task))


@router.post("/tasks/{task_id}/toggle", response_model=TaskView, responses=refusals(404, 409))
async def toggle_task(call: CurrentCall, task_id: str) -> Response:
    """Flip a task between completed and pending. Every member but a viewer may."""
    task = await call.app.toggle_task(call.actor, call.owner_id, _task_id(task_id))
    return Json(view(task))


@router.post("/tasks/{task_id}/transfer", response_model=TaskView, responses=refusals(404, 409))
async def transfer_task(call: CurrentCall, task_id: str, body: Annotated[TransferBody, Body()]) -> Response:
    """Hand a task over to an organisation or to a person who shares one with the caller.

    Whoever may delete it here and create tasks there may. Anyone else as a recipient is 404, existing or not.
    """
    task = await call.app.transfer_task(call.actor, call.owner_id, _task_id(task_id), SpaceId(body["to"]))
    return Json(view(task))
