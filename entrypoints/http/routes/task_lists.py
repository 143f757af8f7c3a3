"""Many tasks by what they are like, in one's own space and in the space that the URL names: lists, and the trash."""

from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from application.ports.tasks import TaskFilters, TaskQuery
from domain.due import Due, DueIn, Span
from domain.errors import InvalidValue
from domain.task import Priority, Task, TaskStatus
from domain.task_order import Sort, TaskOrder
from entrypoints.http.fields import STRICT, MomentField, SaidField, SearchField, TagField, UserIdField
from entrypoints.http.lists import ListView, listed
from entrypoints.http.openapi import linked
from entrypoints.http.paging import CursorParameters, Items
from entrypoints.http.queries import MOST_REPEATED, said_in_query
from entrypoints.http.responses import Json
from entrypoints.http.routing import CurrentCall, SpaceRoute
from entrypoints.http.tasks import DeletedView, TaskView, task_view
from entrypoints.http.zones import UTC_ZONE, ZoneField

router = APIRouter(route_class=SpaceRoute, tags=["tasks"])


class TaskListView(ListView):
    """A stretch of the tasks found."""

    items: Items[TaskView]


class DeletedTaskView(TaskView):
    """A task in the trash."""

    deleted_at: datetime | None


class TrashView(ListView):
    """A stretch of the trash."""

    items: Items[DeletedTaskView]


class FilterParameters(BaseModel):
    """Which tasks. A task must fit every filter."""

    model_config = STRICT

    status: Annotated[
        tuple[TaskStatus, ...], Field(max_length=MOST_REPEATED, description="Repeated: any of these.")
    ] = ()
    priority: Annotated[
        tuple[Priority, ...], Field(max_length=MOST_REPEATED, description="Repeated: any of these.")
    ] = ()
    tag: Annotated[
        tuple[TagField, ...], Field(max_length=MOST_REPEATED, description="Repeated: any of these, in any case.")
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

    @property
    def filters(self) -> dict[str, Any]:
        """What a use case is asked for, the word for when aside."""
        return {
            "statuses": frozenset(self.status),
            "priorities": frozenset(self.priority),
            "tags": frozenset(tag.key for tag in self.tag),
            "assignee_id": self.assignee_id,
            "due": Span(self.due_after, self.due_before),
            "text": self.q.key if self.q else None,
        }

    @property
    def due_in(self) -> DueIn | None:
        """The word for when, with whose clock it goes by."""
        return None if self.due is None else DueIn(self.due, self.tz)


class DeletionParameters(FilterParameters):
    """Which tasks are to be deleted. A task must fit every filter, and each filter that is named must say something."""

    # No default that is documented: generated clients send those.
    tz: ZoneField = Field(
        default_factory=lambda: UTC_ZONE,
        description="The time zone of 'due', by its IANA name; else UTC. Not without 'due'.",
    )
    q: Annotated[
        SearchField | None, Field(min_length=1, description="Part of the title or of the description, in any case.")
    ] = None

    all: Annotated[
        SaidField | None,
        Field(description="`true` where every task of the space is meant. Not together with a filter."),
    ] = None

    @field_validator("tz")
    @classmethod
    def _zone_of_a_day(cls, zone: ZoneInfo, info: ValidationInfo) -> ZoneInfo:
        if "due" in info.data and info.data["due"] is None:
            raise InvalidValue("zone_of_nothing", "This is the time zone of 'due'. Send that, too.")
        return zone


class EmptyingParameters(BaseModel):
    """That everything in the trash is meant."""

    model_config = STRICT

    all: Annotated[
        SaidField | None,
        Field(
            description="`true`: everything in the trash is meant.",
            json_schema_extra={"required": True, "enum": [True]},
        ),
    ] = None


TaskSort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "due_date", "-due_date", "priority", "-priority",
    "title", "-title",
]  # fmt: skip


class TaskParameters(FilterParameters, CursorParameters):
    """Which tasks, in which order, and which stretch of them. A task must fit every filter."""

    sort: Annotated[
        TaskSort,
        Field(
            description="What is lowest comes first; with '-', what is highest. The same is ordered by id, in the same "
            "direction. Tasks without due_date come last in both. Priorities: low < medium < high < urgent. Titles: "
            "code point by code point, in any case."
        ),
    ] = "-created_at"

    @property
    def query(self) -> TaskQuery:
        """What the use case is asked for."""
        sort = Sort(TaskOrder(self.sort.removeprefix("-")), self.sort.startswith("-"))
        return TaskQuery(**self.filters, sort=sort, skip=self.start, limit=self.size)


@router.get("/tasks", response_model=TaskListView, responses=linked())
async def list_tasks(call: CurrentCall, parameters: Annotated[TaskParameters, Query()]) -> Response:
    """List the tasks of a space that fit every filter, the newest first unless another order is asked for.

    Every member may. The stretches are pages (`page`, or `skip`), which are counted, or follow one another by `cursor`,
    which stays where it is while tasks come and go.
    """
    found = await call.app.list_tasks(
        call.actor, call.owner_id, parameters.query, due=parameters.due_in, cursor=parameters.cursor
    )
    return listed(call.request, parameters, found, task_view)


@router.delete("/tasks", response_model=DeletedView)
async def delete_found_tasks(call: CurrentCall, parameters: Annotated[DeletionParameters, Query()]) -> Response:
    """Move the tasks that fit every filter to the trash; with `all=true`, every task of the space.

    All of them or none. The admins of the space may.
    """
    with said_in_query():
        count = await call.app.delete_found_tasks(
            call.actor,
            call.owner_id,
            TaskFilters(**parameters.filters),
            due=parameters.due_in,
            everything=bool(parameters.all),
        )
    return Json(DeletedView(deleted_count=count))


@router.get("/tasks/trash", response_model=TrashView, responses=linked())
async def list_trash(call: CurrentCall, parameters: Annotated[CursorParameters, Query()]) -> Response:
    """List the tasks in the trash of a space, the last deleted first. Every member may."""
    found = await call.app.list_trash(call.actor, call.owner_id, parameters.stretch, cursor=parameters.cursor)
    return listed(call.request, parameters, found, _deleted_view)


def _deleted_view(task: Task) -> DeletedTaskView:
    return {**task_view(task), "deleted_at": task.deleted_at}


@router.delete("/tasks/trash", response_model=DeletedView)
async def empty_trash(call: CurrentCall, parameters: Annotated[EmptyingParameters, Query()]) -> Response:
    """Remove everything in the trash of a space for good. Its admins may, with `all=true`."""
    with said_in_query():
        count = await call.app.empty_trash(call.actor, call.owner_id, everything=bool(parameters.all))
    return Json(DeletedView(deleted_count=count))
