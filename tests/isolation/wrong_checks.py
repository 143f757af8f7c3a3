"""The service with a check left out, weakened, or answering too much."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from adapters.memory import identity, spaces
from adapters.memory.store import Contents
from domain.access import Access, Actor, Permission, Relation, Role, admit
from domain.errors import NotAuthenticated, NotFound
from domain.ids import SpaceId, UserId
from entrypoints.http import addresses, errors
from entrypoints.http.bodies import read_json
from entrypoints.http.problems import problem
from tests.isolation.services import MemoryService


def everybody_is_let_in(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def admit_anybody(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
        return admit(actor, space_id, role or Role.OWNER)

    patch.setattr(spaces, "admit", admit_anybody)


def unknown_spaces_are_404(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def admit_or_tell(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
        if not any(known == space_id for known, _ in service.contents.memberships):
            raise NotFound
        return admit(actor, space_id, role)

    patch.setattr(spaces, "admit", admit_or_tell)


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
        exists = any(str(known) == id for _, known in service.contents.tasks)
        return {"headers": {"ETag": '"1"'}} if exists else {}

    _answering_404(service, patch, told)


def bodies_may_name_an_owner(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    def read_some(body: bytes, *limits: int) -> Any:
        found = read_json(body, *limits)
        return {name: value for name, value in found.items() if name != "owner_id"}

    patch.setattr("entrypoints.http.reading.read_json", read_some)


def assignees_are_not_checked(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    async def check(*_: object) -> None:
        return None

    patch.setattr("application.tasks._check_assignee", check)


def tasks_can_be_pushed_on_strangers(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Relation, "may_give", property(lambda _relation: True))


def empty_ids_are_tolerated(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    """A slash at the end is left out, whatever the method."""
    patch.setattr(addresses, "is_canonical", lambda _method, _path, _raw_path: True)


def trashes_are_emptied_by_empty_ids(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    empty_ids_are_tolerated(service, patch)


def dot_segments_are_ids(service: MemoryService, patch: pytest.MonkeyPatch) -> None:
    honest = addresses.is_canonical
    known = {".", ".."}

    def is_canonical(method: str, path: str, raw_path: bytes) -> bool:
        return not known.isdisjoint(path.split("/")) or honest(method, path, raw_path)

    patch.setattr(addresses, "is_canonical", is_canonical)
