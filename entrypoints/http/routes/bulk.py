"""Many tasks at once, by their ids, in one's own space and in the space that the URL names: all of it or nothing."""

from typing import Annotated, Final

from fastapi import APIRouter, Body, Response
from pydantic import Field, with_config
from typing_extensions import TypedDict

from application.bulk import MOST_AT_ONCE
from domain.ids import TaskId
from domain.task import Priority, TaskChanges, TaskStatus
from entrypoints.http.fields import STRICT, MomentField, PlainText, UserIdField
from entrypoints.http.idempotency import once
from entrypoints.http.openapi import answer
from entrypoints.http.responses import Json
from entrypoints.http.routing import CurrentCall, SpaceRoute
from entrypoints.http.tasks import DeletedView, TaskBody, TaskView, read_task_id, task_view

router = APIRouter(route_class=SpaceRoute, tags=["tasks"])

Ids = Annotated[list[PlainText], Field(min_length=1, max_length=MOST_AT_ONCE, description="Each counts once.")]


@with_config(STRICT)
class TasksBody(TypedDict):
    """Tasks to make."""

    items: Annotated[list[TaskBody], Field(min_length=1, max_length=MOST_AT_ONCE)]


class _BulkChanges(TypedDict, total=False):
    status: TaskStatus
    priority: Priority
    due_date: MomentField | None
    assignee_id: UserIdField | None


@with_config(STRICT)
class TasksPatch(_BulkChanges):
    """Which tasks are to be changed, and how."""

    ids: Ids


@with_config(STRICT)
class TaskIdsBody(TypedDict):
    """Which tasks are meant."""

    ids: Ids


_BULK_CHANGES: Final = ("status", "priority", "due_date", "assignee_id")


class UpdatedView(TypedDict):
    """How many tasks were changed."""

    updated_count: int


class TaskItemsView(TypedDict):
    """The tasks that were made, in the order in which they were sent."""

    items: Annotated[list[TaskView], Field(max_length=MOST_AT_ONCE)]


@router.post("/tasks/bulk", status_code=201, response_model=TaskItemsView, responses=answer(201, repeatable=True))
async def create_tasks(call: CurrentCall, body: Annotated[TasksBody, Body()]) -> Response:
    """Add up to 1,000 tasks: all of them or none. Every member but a viewer may."""
    await call.weigh(len(body["items"]))
    return await once(
        call,
        call.app.create_tasks,
        lambda create: create(call.actor, call.owner_id, body["items"]),
        lambda tasks: Json(TaskItemsView(items=[task_view(task) for task in tasks]), 201),
    )


@router.patch("/tasks/bulk", response_model=UpdatedView)
async def change_tasks(call: CurrentCall, body: Annotated[TasksPatch, Body()]) -> Response:
    """Change up to 1,000 tasks in the same way: all of them, or none if one is not in the space.

    What is left out stays as it is. Every member but a viewer may. ``updated_count`` is how many tasks were named.
    """
    await call.weigh(len(body["ids"]))
    changes = TaskChanges(**{name: body[name] for name in _BULK_CHANGES if name in body})  # type: ignore[typeddict-item] # named above
    count = await call.app.change_tasks(call.actor, call.owner_id, _task_ids(body["ids"]), changes)
    return Json(UpdatedView(updated_count=count))


@router.delete("/tasks/bulk", response_model=DeletedView)
async def delete_tasks(call: CurrentCall, body: Annotated[TaskIdsBody, Body()]) -> Response:
    """Move up to 1,000 tasks to the trash: all of them, or none if one is not in the space.

    Their makers may, and the admins of the space.
    """
    await call.weigh(len(body["ids"]))
    count = await call.app.delete_tasks(call.actor, call.owner_id, _task_ids(body["ids"]))
    return Json(DeletedView(deleted_count=count))


@router.post("/tasks/bulk/delete", response_model=DeletedView, responses=answer(200, repeatable=True))
async def delete_tasks_by_post(call: CurrentCall, body: Annotated[TaskIdsBody, Body()]) -> Response:
    """Move up to 1,000 tasks to the trash: all of them, or none if one is not in the space.

    The same as `DELETE …/tasks/bulk`, for clients that send no body with DELETE.
    """
    await call.weigh(len(body["ids"]))
    return await once(
        call,
        call.app.delete_tasks,
        lambda delete: delete(call.actor, call.owner_id, _task_ids(body["ids"])),
        lambda count: Json(DeletedView(deleted_count=count)),
    )


def _task_ids(texts: list[str]) -> list[TaskId]:
    return [read_task_id(text) for text in texts]
