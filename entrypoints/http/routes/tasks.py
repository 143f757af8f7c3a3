"""One task at a time, in one's own space and in the space that the URL names."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import with_config
from typing_extensions import TypedDict

from domain.ids import SpaceId
from entrypoints.http.conditions import expected_by_put, expected_versions, tagged, unless_seen
from entrypoints.http.fields import STRICT, UserIdField
from entrypoints.http.idempotency import once
from entrypoints.http.openapi import answer, seen_already
from entrypoints.http.responses import no_content
from entrypoints.http.routing import CurrentCall, SpaceRoute
from entrypoints.http.tasks import TaskBody, TaskPatch, TaskView, read_task_id, shown, task_view

router = APIRouter(route_class=SpaceRoute, tags=["tasks"])


@with_config(STRICT)
class TransferBody(TypedDict):
    """Where a task is to go: one's own id, an organisation's, or a person's."""

    to: UserIdField


@router.get("/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag") | seen_already())
async def get_task(call: CurrentCall, task_id: str) -> Response:
    """Show one task. Every member of its space may."""
    task = await call.app.get_task(call.actor, call.owner_id, read_task_id(task_id))
    return unless_seen(call.request, task.version, lambda: shown(task))


@router.post(
    "/tasks", status_code=201, response_model=TaskView, responses=answer(201, "Location", "ETag", repeatable=True)
)
async def create_task(call: CurrentCall, body: Annotated[TaskBody, Body()]) -> Response:
    """Add a task. Every member but a viewer may."""
    return await once(
        call,
        call.app.create_task,
        lambda create: create(call.actor, call.owner_id, body),
        lambda task: tagged(task_view(task), task.version, 201, call.location("tasks", task.id)),
    )


@router.put("/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag"))
async def replace_task(call: CurrentCall, task_id: str, body: Annotated[TaskBody, Body()]) -> Response:
    """Replace a task: what is left out returns to its default. Every member but a viewer may."""
    task = await call.app.replace_task(
        call.actor, call.owner_id, read_task_id(task_id), body, expected_by_put(call.request)
    )
    return shown(task)


@router.patch("/tasks/{task_id:item}", response_model=TaskView, responses=answer(200, "ETag"))
async def change_task(call: CurrentCall, task_id: str, body: Annotated[TaskPatch, Body()]) -> Response:
    """Change a task: what is left out stays as it is. Every member but a viewer may."""
    task = await call.app.change_task(
        call.actor, call.owner_id, read_task_id(task_id), body, expected_versions(call.request)
    )
    return shown(task)


@router.delete("/tasks/{task_id:item}", status_code=204)
async def delete_task(call: CurrentCall, task_id: str) -> Response:
    """Move a task to the trash. Its maker may, and the admins of its space."""
    await call.app.delete_task(call.actor, call.owner_id, read_task_id(task_id), expected_versions(call.request))
    return no_content()


@router.post(
    "/tasks/{task_id:item}/complete",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True),
)
async def complete_task(call: CurrentCall, task_id: str) -> Response:
    """Mark a task as completed; a completed one stays as it is. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.complete_task,
        lambda complete: complete(call.actor, call.owner_id, read_task_id(task_id), expected),
        shown,
    )


@router.post(
    "/tasks/{task_id:item}/toggle",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True),
)
async def toggle_task(call: CurrentCall, task_id: str) -> Response:
    """Flip a task between completed and pending. Every member but a viewer may."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.toggle_task,
        lambda toggle: toggle(call.actor, call.owner_id, read_task_id(task_id), expected),
        shown,
    )


@router.post(
    "/tasks/{task_id:item}/transfer",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True),
)
async def transfer_task(call: CurrentCall, task_id: str, body: Annotated[TransferBody, Body()]) -> Response:
    """Hand a task over to an organisation or to a person who shares one with the caller.

    Whoever may delete it here and create tasks there may. Anyone else as a recipient is 404, existing or not.
    """
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.transfer_task,
        lambda transfer: transfer(call.actor, call.owner_id, read_task_id(task_id), SpaceId(body["to"]), expected),
        shown,
    )


@router.post(
    "/tasks/{task_id:item}/restore",
    response_model=TaskView,
    responses=answer(200, "ETag", repeatable=True),
)
async def restore_task(call: CurrentCall, task_id: str) -> Response:
    """Bring a task back from the trash. Its maker may, and the admins of its space."""
    expected = expected_versions(call.request)
    return await once(
        call,
        call.app.restore_task,
        lambda restore: restore(call.actor, call.owner_id, read_task_id(task_id), expected),
        shown,
    )


@router.delete("/tasks/trash/{task_id}", status_code=204)
async def purge_task(call: CurrentCall, task_id: str) -> Response:
    """Remove a task in the trash for good. The admins of its space may."""
    await call.app.purge_task(call.actor, call.owner_id, read_task_id(task_id), expected_versions(call.request))
    return no_content()
