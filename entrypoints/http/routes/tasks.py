"""Tasks, in one's own space and in the space that the URL names."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import Field, model_validator, with_config
from typing_extensions import TypedDict

from application.bulk import MOST_AT_ONCE
from application.ports.tasks import TaskQuery
from application.task_lists import TaskList
from domain.due import Due, DueIn, Span
from domain.errors import InvalidValue
from domain.ids import SpaceId, TaskId, read_id
from domain.tag import MOST_TAGS
from domain.task import Priority, Task, TaskChanges, TaskStatus
from domain.task_order import Sort, TaskOrder
from entrypoints.http.conditions import expected_versions, tagged, unless_seen
from entrypoints.http.fields import (
    STRICT,
    DescriptionField,
    MomentField,
    PlainText,
    SearchField,
    TagField,
    TitleField,
    UserIdField,
    UuidField,
)
from entrypoints.http.idempotency import once
from entrypoints.http.links import next_link, page_links
from entrypoints.http.openapi import answer, conditional, linked, refusals, seen_already
from entrypoints.http.paging import StretchParameters
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute
from entrypoints.http.zones import UTC_ZONE, ZoneField

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


class DeletedView(TypedDict):
    """How many tasks are gone from where they were."""

    deleted_count: int


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


class TaskItemsView(TypedDict):
    """The tasks that were made, in the order in which they were sent."""

    items: list[TaskView]


class TaskListView(TypedDict):
    """A stretch of the tasks found; ``total`` counts them all. With a cursor ``total`` and ``page`` are null."""

    items: list[TaskView]
    total: int | None
    page: int | None
    page_size: int
    next_cursor: str | None


class DeletedTaskView(TaskView):
    """A task in the trash."""

    deleted_at: datetime | None


class TrashView(TypedDict):
    """A stretch of the trash; ``total`` counts all that is in it."""

    items: list[DeletedTaskView]
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


TaskSort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "due_date", "-due_date", "priority", "-priority",
    "title", "-title",
]  # fmt: skip


class TaskParameters(StretchParameters):
    """Which tasks, in which order, and which stretch of them. A task must fit every filter."""

    cursor: Annotated[
        PlainText | None,
        Field(
            description="The next_cursor of the stretch before, with the same filters and order; empty for the first "
            "one. Excludes 'page' and 'skip'. Nothing is counted: 'total' and 'page' are null."
        ),
    ] = None
    status: Annotated[tuple[TaskStatus, ...], Field(description="Repeated: any of these.")] = ()
    priority: Annotated[tuple[Priority, ...], Field(description="Repeated: any of these.")] = ()
    tag: Annotated[
        tuple[TagField, ...], Field(max_length=MOST_TAGS, description="Repeated: any of these, in any case.")
    ] = ()
    assignee_id: UserIdField | None = None
    due_before: Annotated[MomentField | None, Field(description="Due before this moment.")] = None
    due_after: Annotated[MomentField | None, Field(description="Due after this moment.")] = None
    due: Annotated[
        Due | None,
        Field(
            description="overdue: due before now, and neither completed nor cancelled. today, week: due on this day, "
            "or from Monday to Sunday of this week, as it is in 'tz'."
        ),
    ] = None
    tz: Annotated[ZoneField, Field(description="The time zone of 'due', by its IANA name.")] = UTC_ZONE
    q: Annotated[SearchField | None, Field(description="Part of the title or of the description, in any case.")] = None
    sort: Annotated[
        TaskSort,
        Field(
            description="What is lowest comes first; with '-', what is highest. The same is ordered by id, in the same "
            "direction. Tasks without due_date come last in both. Priorities: low < medium < high < urgent. Titles: "
            "code point by code point, in any case."
        ),
    ] = "-created_at"

    @model_validator(mode="after")
    def _one_place_to_begin(self) -> Self:
        if self.cursor is not None and (self.page is not None or self.skip is not None):
            raise InvalidValue("paging_twice", "Use one of 'page', 'skip' and 'cursor', not several.")
        return self

    def query(self) -> TaskQuery:
        """What the use case is asked for."""
        return TaskQuery(
            statuses=frozenset(self.status),
            priorities=frozenset(self.priority),
            tags=frozenset(tag.key for tag in self.tag),
            assignee_id=self.assignee_id,
            due=Span(self.due_after, self.due_before),
            text=self.q.key if self.q else None,
            sort=Sort(TaskOrder(self.sort.removeprefix("-")), self.sort.startswith("-")),
            skip=self.start,
            limit=self.size,
        )

    def due_in(self) -> DueIn | None:
        """The word for when, with whose clock it goes by."""
        return None if self.due is None else DueIn(self.due, self.tz)


def _list_view(found: TaskList, query: TaskQuery) -> TaskListView:
    return {
        "items": [view(task) for task in found.items],
        "total": found.total,
        "page": None if found.total is None else query.skip // query.limit + 1,
        "page_size": query.limit,
        "next_cursor": found.next_cursor,
    }


def _task_id(text: str) -> TaskId:
    return TaskId(read_id(text))


@router.get("/tasks", response_model=TaskListView, responses=refusals(400) | linked())
async def list_tasks(call: CurrentCall, request: Request, parameters: Annotated[TaskParameters, Query()]) -> Response:
    """List the tasks of a space that fit every filter, the newest first unless another order is asked for.

    Every member may. The stretches are pages (`page`, or `skip`), which are counted, or follow one another by `cursor`,
    which stays where it is while tasks come and go.
    """
    query = parameters.query()
    found = await call.app.list_tasks(
        call.actor, call.owner_id, query, due=parameters.due_in(), cursor=parameters.cursor
    )
    if found.total is None:
        links = next_link(request, found.next_cursor)
    else:
        links = page_links(request, parameters, found.total)
    return Json(_list_view(found, query), headers=links)


@router.get("/tasks/trash", response_model=TrashView, responses=linked())
async def list_trash(
    call: CurrentCall, request: Request, parameters: Annotated[StretchParameters, Query()]
) -> Response:
    """List the tasks in the trash of a space, the last deleted first. Every member may."""
    found = await call.app.list_trash(call.actor, call.owner_id, skip=parameters.start, limit=parameters.size)
    total = found.total or 0
    trash: TrashView = {
        "items": [{**view(task), "deleted_at": task.deleted_at} for task in found.items],
        "total": total,
        "page": parameters.start // parameters.size + 1,
        "page_size": parameters.size,
    }
    return Json(trash, headers=page_links(request, parameters, total))


@router.get(
    "/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag") | seen_already() | refusals(404)
)
async def get_task(call: CurrentCall, task_id: str) -> Response:
    """Show one task. Every member of its space may."""
    task = await call.app.get_task(call.actor, call.owner_id, _task_id(task_id))
    return unless_seen(call.request, task.version, lambda: _shown(task))


@router.post(
    "/tasks", status_code=201, response_model=TaskView, responses=answer(201, "Location", "ETag", repeatable=True)
)
async def create_task(call: CurrentCall, body: Annotated[TaskBody, Body()]) -> Response:
    """Add a task. Every member but a viewer may."""
    return await once(
        call,
        call.app.create_task,
        lambda create: create(call.actor, call.owner_id, body),
        lambda task: tagged(view(task), task.version, 201, call.location("tasks", task.id)),
    )


@router.put("/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag") | conditional())
async def replace_task(call: CurrentCall, task_id: str, body: Annotated[TaskBody, Body()]) -> Response:
    """Replace a task: what is left out returns to its default. Every member but a viewer may."""
    task = await call.app.replace_task(
        call.actor, call.owner_id, _task_id(task_id), body, expected_versions(call.request)
    )
    return _shown(task)


@router.patch("/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag") | conditional())
async def change_task(call: CurrentCall, task_id: str, body: Annotated[TaskPatch, Body()]) -> Response:
    """Change a task: what is left out stays as it is. Every member but a viewer may."""
    task = await call.app.change_task(
        call.actor, call.owner_id, _task_id(task_id), body, expected_versions(call.request)
    )
    return _shown(task)


@router.delete("/tasks/{task_id:item}", status_code=204, responses=conditional())
async def delete_task(call: CurrentCall, task_id: str) -> Response:
    """Move a task to the trash. Its maker may, and the admins of its space."""
    await call.app.delete_task(call.actor, call.owner_id, _task_id(task_id), expected_versions(call.request))
    return no_content()


@router.post(
    "/tasks/{task_id:item}/complete",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True) | conditional(),
)
async def complete_task(call: CurrentCall, task_id: str) -> Response:
    """Mark a task as completed; a completed one stays as it is. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.complete_task,
        lambda complete: complete(call.actor, call.owner_id, _task_id(task_id), expected),
        _shown,
    )


@router.post(
    "/tasks/{task_id:item}/toggle",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True) | conditional(),
)
async def toggle_task(call: CurrentCall, task_id: str) -> Response:
    """Flip a task between completed and pending. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.toggle_task,
        lambda toggle: toggle(call.actor, call.owner_id, _task_id(task_id), expected),
        _shown,
    )


@router.post(
    "/tasks/{task_id:item}/transfer",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True) | conditional(),
)
async def transfer_task(call: CurrentCall, task_id: str, body: Annotated[TransferBody, Body()]) -> Response:
    """Hand a task over to an organisation or to a person who shares one with the caller.

    Whoever may delete it here and create tasks there may. Anyone else as a recipient is 404, existing or not.
    """
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.transfer_task,
        lambda transfer: transfer(call.actor, call.owner_id, _task_id(task_id), SpaceId(body["to"]), expected),
        _shown,
    )


def _shown(task: Task) -> Response:
    return tagged(view(task), task.version)


@router.post(
    "/tasks/{task_id:item}/restore",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True) | conditional(),
)
async def restore_task(call: CurrentCall, task_id: str) -> Response:
    """Bring a task back from the trash. Its maker may, and the admins of its space."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.restore_task,
        lambda restore: restore(call.actor, call.owner_id, _task_id(task_id), expected),
        _shown,
    )


@router.delete("/tasks/trash/{task_id}", status_code=204, responses=conditional())
async def purge_task(call: CurrentCall, task_id: str) -> Response:
    """Remove a task in the trash for good. The admins of its space may."""
    await call.app.purge_task(call.actor, call.owner_id, _task_id(task_id), expected_versions(call.request))
    return no_content()


@router.delete("/tasks/trash", response_model=DeletedView)
async def empty_trash(call: CurrentCall) -> Response:
    """Remove everything in the trash of a space for good. Its admins may."""
    return Json(DeletedView(deleted_count=await call.app.empty_trash(call.actor, call.owner_id)))


@router.post("/tasks/bulk", status_code=201, response_model=TaskItemsView, responses=answer(201, repeatable=True))
async def create_tasks(call: CurrentCall, body: Annotated[TasksBody, Body()]) -> Response:
    """Add up to 1,000 tasks: all of them or none. Every member but a viewer may."""
    return await once(
        call,
        call.app.create_tasks,
        lambda create: create(call.actor, call.owner_id, body["items"]),
        lambda tasks: Json(TaskItemsView(items=[view(task) for task in tasks]), 201),
    )


@router.patch("/tasks/bulk", response_model=UpdatedView, responses=refusals(404))
async def change_tasks(call: CurrentCall, body: Annotated[TasksPatch, Body()]) -> Response:
    """Change up to 1,000 tasks in the same way: all of them, or none if one is not in the space.

    What is left out stays as it is. Every member but a viewer may. ``updated_count`` is how many tasks were named.
    """
    changes = TaskChanges(**{name: body[name] for name in _BULK_CHANGES if name in body})  # type: ignore[typeddict-item] # named above
    count = await call.app.change_tasks(call.actor, call.owner_id, _task_ids(body["ids"]), changes)
    return Json(UpdatedView(updated_count=count))


@router.delete("/tasks/bulk", response_model=DeletedView, responses=refusals(404))
async def delete_tasks(call: CurrentCall, body: Annotated[TaskIdsBody, Body()]) -> Response:
    """Move up to 1,000 tasks to the trash: all of them, or none if one is not in the space.

    Their makers may, and the admins of the space.
    """
    count = await call.app.delete_tasks(call.actor, call.owner_id, _task_ids(body["ids"]))
    return Json(DeletedView(deleted_count=count))


def _task_ids(texts: list[str]) -> frozenset[TaskId]:
    return frozenset(_task_id(text) for text in texts)
