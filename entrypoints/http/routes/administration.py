"""Accounts, for administrators. Nobody's items are in reach here."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import Field, with_config
from typing_extensions import TypedDict

from application.ports.identity import UserQuery
from domain.ids import SpaceId, UserId, read_id
from domain.user import UserRole
from entrypoints.http.fields import STRICT, SearchField, UuidField
from entrypoints.http.links import page_links
from entrypoints.http.openapi import linked
from entrypoints.http.paging import Items, StretchParameters
from entrypoints.http.responses import Json
from entrypoints.http.routing import CurrentCall, SecuredRoute
from entrypoints.http.views import UserView, user_view

router = APIRouter(route_class=SecuredRoute, tags=["administration"])


class UserParameters(StretchParameters):
    """Which accounts."""

    q: Annotated[
        SearchField | None, Field(description="Part of the address or the name, in any case, with or without accents.")
    ] = None


@with_config(STRICT)
class AccountPatch(TypedDict, total=False):
    """What is to be changed. What is left out stays as it is."""

    is_active: Annotated[bool, Field(strict=True)]
    role: UserRole


class WarningView(TypedDict):
    """A consequence of the change that needs attention."""

    code: Literal["last-owner"]
    detail: str
    organization_id: UuidField


class ManagedUserView(UserView):
    """An account after a change."""

    warnings: list[WarningView]


class UserListView(TypedDict):
    """A page of accounts."""

    items: Items[UserView]
    total: int
    page: int
    page_size: int


@router.get("/admin/users", response_model=UserListView, responses=linked(by_cursor=False))
async def list_users(call: CurrentCall, parameters: Annotated[UserParameters, Query()]) -> Response:
    """List and search accounts, the newest first. Administrators may."""
    query = UserQuery(text=parameters.q and parameters.q.key, skip=parameters.start, limit=parameters.size)
    found = await call.app.list_users(call.actor, query)
    total = found.total or 0
    view: UserListView = {
        "items": [user_view(user) for user in found.items],
        "total": total,
        "page": parameters.number,
        "page_size": parameters.size,
    }
    return Json(view, headers=page_links(call.request, parameters, total))


@router.patch("/admin/users/{user_id}", response_model=ManagedUserView)
async def change_user(call: CurrentCall, user_id: str, body: Annotated[AccountPatch, Body()]) -> Response:
    """Change somebody's role, deactivate an account or activate it again. Administrators may.

    The last active administrator cannot be taken away: 409. A deactivated account that was the last active owner of
    organisations is answered with a warning for each of them.
    """
    changed = await call.app.change_user(call.actor, UserId(read_id(user_id)), body)
    view: ManagedUserView = {**user_view(changed.user), "warnings": [_ownerless(one) for one in changed.ownerless]}
    return Json(view)


def _ownerless(organization_id: SpaceId) -> WarningView:
    return {
        "code": "last-owner",
        "detail": "This organisation has no other owner with an active account.",
        "organization_id": str(organization_id),
    }
