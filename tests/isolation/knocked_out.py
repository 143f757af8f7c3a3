"""The service with a wall knocked out, in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.memory import identity, spaces
from adapters.memory.store import Contents
from application.audit import AuditPage
from application.ports.tasks import TaskPage, TaskQuery
from domain.access import Access, Actor, Permission, Relation, Role, admit
from domain.errors import DomainError, NotAuthenticated, NotFound
from domain.ids import InvitationId, SpaceId, TaskId, UserId
from domain.task import Task, TaskChanges, Title
from entrypoints.http import bodies, errors
from entrypoints.http.bodies import read_json
from entrypoints.http.problems import problem
from tests.isolation.services import MemoryService


def _use(service: MemoryService, **parts: Any) -> None:
    service.application = replace(service.application, **parts)


def _contents(service: MemoryService) -> Contents:
    return service.store._contents


def tasks_are_found_in_any_space(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def get_task(_actor: Actor, _owner_id: str | None, task_id: TaskId) -> Task:
        found = next((task for (_, known), task in _contents(service).tasks.items() if known == task_id), None)
        if found is None:
            raise NotFound
        return found

    _use(service, get_task=get_task)


def lists_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_tasks(_actor: Actor, _owner_id: str | None, query: TaskQuery) -> TaskPage:
        found = list(_contents(service).tasks.values())
        return TaskPage(found[-query.limit :], len(found))

    _use(service, list_tasks=list_tasks)


def totals_count_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = service.application.list_tasks

    async def list_tasks(actor: Actor, owner_id: str | None, query: TaskQuery) -> TaskPage:
        page = await honest(actor, owner_id, query)
        return replace(page, total=len(_contents(service).tasks))

    _use(service, list_tasks=list_tasks)


def everybody_is_let_in(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def admit_anybody(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
        return admit(actor, space_id, role or Role.OWNER)

    patch.setattr(spaces, "admit", admit_anybody)


def unknown_spaces_are_404(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def admit_or_tell(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
        if not any(known == space_id for known, _ in _contents(service).memberships):
            raise NotFound
        return admit(actor, space_id, role)

    patch.setattr(spaces, "admit", admit_or_tell)


def _answering_404(service: MemoryService, patch: pytest.MonkeyPatch, told: Callable[[str], dict[str, Any]]) -> None:
    """Have a 404 say more, depending on the id that was asked for."""

    def talkative(request: Request, status: int, code: str, detail: str, **others: Any) -> Response:
        more = told(request.scope["path"].rpartition("/")[2]) if status == 404 else {}
        others["headers"] = {**(others.get("headers") or {}), **more.pop("headers", {})}
        return problem(request, status, code, more.get("detail", detail), **others)

    patch.setattr(errors, "problem", talkative)


def missing_items_are_named(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    _answering_404(service, patch, lambda asked: {"detail": f"There is no task {asked} in this space."})


def a_header_tells_what_exists(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def told(id: str) -> dict[str, Any]:
        exists = any(str(known) == id for _, known in _contents(service).tasks)
        return {"headers": {"ETag": '"1"'}} if exists else {}

    _answering_404(service, patch, told)


def roles_are_not_looked_at(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Access, "may", lambda _access, _permission: True)


def members_delete_what_others_made(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def require(access: Access, _maker: UserId) -> None:
        access.require(Permission.EDIT_ITEMS)

    patch.setattr(Access, "require_deletion_of_item_by", require)


def _asking_less_of_sessions(patch: pytest.MonkeyPatch, *, revoked: bool, inactive: bool) -> None:
    def require(contents: Contents, actor: Actor, _clock: object) -> None:
        session, account = contents.sessions[actor.session_id], contents.accounts[actor.user_id]
        ended, off = session.revoked_at is not None, not account.user.is_active
        if (ended and not revoked) or (off and not inactive):
            raise NotAuthenticated

    for module in (spaces, identity):
        patch.setattr(module, "require_signed_in", require)


def ended_sessions_go_on(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    _asking_less_of_sessions(patch, revoked=True, inactive=False)


def inactive_accounts_go_on(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    _asking_less_of_sessions(patch, revoked=False, inactive=True)


def removed_members_stay(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def remove_member(*_: object) -> None:
        return None

    _use(service, remove_member=remove_member)


def refused_changes_are_made(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = service.application.change_task

    async def change_task(actor: Actor, owner_id: str | None, task_id: TaskId, changes: TaskChanges) -> Task:
        try:
            return await honest(actor, owner_id, task_id, changes)
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


def bodies_may_name_an_owner(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def read_some(body: bytes) -> Any:
        found = read_json(body)
        return {name: value for name, value in found.items() if name != "owner_id"}

    patch.setattr(bodies, "read_json", read_some)


def assignees_are_not_checked(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def check(*_: object) -> None:
        return None

    patch.setattr("application.tasks._check_assignee", check)


def tasks_can_be_pushed_on_strangers(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Relation, "may_give", property(lambda _relation: True))


def logs_are_everybodys(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_events(*_: object) -> AuditPage:
        return AuditPage(list(_contents(service).audit_events.values())[-20:], None)

    _use(service, list_events=list_events)


def everybody_administers(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def list_account_events(*_: object) -> AuditPage:
        return AuditPage((), None)

    _use(service, list_account_events=list_account_events)
