"""The service with a use case that forgets whose things it deals with."""

from dataclasses import replace
from typing import Any

import pytest

from application.listing import Listing
from application.ports.tasks import TaskQuery
from domain.access import Actor
from domain.audit import AuditEvent
from domain.errors import DomainError, NotFound
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


def logs_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_events(*_: object) -> Listing[AuditEvent]:
        return Listing(list(service.contents.audit_events.values())[-20:], None, None)

    _use(service, list_events=list_events)


def everybody_administers(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_account_events(*_: object) -> Listing[AuditEvent]:
        return Listing((), None, None)

    _use(service, list_account_events=list_account_events)
