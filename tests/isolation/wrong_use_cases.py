"""The service with a use case that forgets whose things it deals with."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.memory.tasks import MemoryTasks
from application.listing import Listing
from application.ports.tasks import TaskFilters, TaskQuery
from domain.access import Actor, space_named
from domain.audit import AuditEvent
from domain.errors import DomainError, NotFound, TaskNotFound
from domain.ids import InvitationId, TaskId
from domain.task import Task, TaskChanges, Title
from domain.versions import Versions
from tests.isolation.services import MemoryService


def _use(service: MemoryService, **parts: Any) -> None:
    service.application = replace(service.application, **parts)


def tasks_are_found_in_any_space(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def get_task(_actor: Actor, _owner_id: str | None, task_id: TaskId) -> Task:
        found = next((task for (_, known), task in service.contents.tasks.items() if known == task_id), None)
        if found is None:
            raise NotFound
        return found

    _use(service, get_task=get_task)


def lists_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_tasks(_actor: Actor, _owner_id: str | None, query: TaskQuery, **_: object) -> Listing[Task]:
        found = list(service.contents.tasks.values())
        return Listing(found[-query.limit :], len(found), None)

    _use(service, list_tasks=list_tasks)


def totals_count_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = service.application.list_tasks

    async def list_tasks(actor: Actor, owner_id: str | None, query: TaskQuery, **more: Any) -> Listing[Task]:
        page = await honest(actor, owner_id, query, **more)
        return replace(page, total=len(service.contents.tasks))

    _use(service, list_tasks=list_tasks)


def removed_members_stay(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def remove_member(*_: object) -> None:
        return None

    _use(service, remove_member=remove_member)


def refused_changes_are_made(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = service.application.change_task

    async def change_task(
        actor: Actor, owner_id: str | None, task_id: TaskId, changes: TaskChanges, expected: Versions
    ) -> Task:
        try:
            return await honest(actor, owner_id, task_id, changes, expected)
        except DomainError:
            async with service.store.begin(read_only=False) as contents:
                for key, task in contents.tasks.items():
                    if task.id == task_id:
                        contents.tasks[key] = replace(task, title=Title("changed all the same"))
            raise

    _use(service, change_task=change_task)


def invitations_are_found_by_id_alone(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    """The parent in the path is checked, and the child is fetched without it."""

    async def revoke_invitation(actor: Actor, owner_id: str, invitation_id: InvitationId) -> None:
        await service.application.list_invitations(actor, owner_id)
        async with service.store.begin(read_only=False) as contents:
            key = next((key for key in contents.invitations if key[1] == invitation_id), None)
            if key is None:
                raise NotFound
            del contents.invitations[key]

    _use(service, revoke_invitation=revoke_invitation)


def the_space_in_the_path_is_ignored(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = service.application.create_task

    async def create_task(actor: Actor, owner_id: str | None, draft: Any) -> Task:
        await service.application.list_tasks(actor, owner_id, TaskQuery())
        return await honest(actor, None, draft)

    _use(service, create_task=create_task)


def deletes_by_filter_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    """Whoever may delete anything deletes what fits in every space, and is told of their own."""
    honest = service.application.delete_found_tasks

    async def delete_found_tasks(actor: Actor, owner_id: str | None, filters: TaskFilters, **more: Any) -> int:
        deleted = await honest(actor, owner_id, filters, **more)
        async with service.store.begin(read_only=False) as contents:
            at = datetime.now(UTC)
            for space_id in {space_id for space_id, _ in contents.tasks}:
                await MemoryTasks(contents, space_id).delete_found(filters, at=at, limit=10**9)
        return deleted

    _use(service, delete_found_tasks=delete_found_tasks)


ChangeMany = Callable[[Collection[TaskId]], Awaitable[int]]


def _where_ids_are_missing(service: MemoryService, do: Callable[[set[TaskId], set[TaskId], ChangeMany], Any]) -> None:
    """Have something else done with the ids of a bulk change: those that are the caller's, and those that exist."""
    honest = service.application.change_tasks

    async def change_tasks(actor: Actor, owner_id: str | None, ids: Collection[TaskId], changes: TaskChanges) -> int:
        try:
            return await honest(actor, owner_id, ids, changes)
        except TaskNotFound:
            own, kept = space_named(actor, owner_id), service.contents.tasks
            known = {task_id for _, task_id in kept if task_id in ids}
            mine = {task_id for task_id in known if (own, task_id) in kept}
            found: int = await do(mine, known, lambda some: honest(actor, owner_id, some, changes))
            if not found:
                raise
            return found

    _use(service, change_tasks=change_tasks)


def bulk_changes_take_anybodys_ids(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def do(mine: set[TaskId], known: set[TaskId], _: ChangeMany) -> int:
        async with service.store.begin(read_only=False) as contents:
            for key, task in contents.tasks.items():
                if task.id in known > mine:
                    contents.tasks[key] = replace(task, title=Title("changed all the same"))
        return len(known - mine)

    _where_ids_are_missing(service, do)


def bulk_changes_pass_over_what_is_missing(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def do(mine: set[TaskId], _: set[TaskId], change: ChangeMany) -> int:
        return await change(mine)

    _where_ids_are_missing(service, do)


def refused_bulk_changes_are_made_where_they_can_be(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def do(mine: set[TaskId], _: set[TaskId], change: ChangeMany) -> int:
        await change(mine)
        return 0

    _where_ids_are_missing(service, do)


def logs_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_events(*_: object) -> Listing[AuditEvent]:
        return Listing(list(service.contents.audit_events.values())[-20:], None, None)

    _use(service, list_events=list_events)


def everybody_administers(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_account_events(*_: object) -> Listing[AuditEvent]:
        return Listing((), None, None)

    _use(service, list_account_events=list_account_events)
