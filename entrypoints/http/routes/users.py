"""One's own account."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

from domain.user import UserChanges
from entrypoints.http.fields import STRICT, EmailField, NameField, PlainText
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import CurrentCall, SecuredRoute
from entrypoints.http.views import UserView, user_view

router = APIRouter(route_class=SecuredRoute, tags=["users"])


@with_config(STRICT | ConfigDict(json_schema_extra={"dependentRequired": {"email": ["current_password"]}}))
class UserPatch(TypedDict, total=False):
    """What is to be changed. What is left out stays as it is."""

    email: EmailField
    full_name: NameField | None
    current_password: PlainText


@with_config(STRICT)
class ClosingBody(TypedDict):
    """The proof that it is really oneself who closes the account."""

    password: PlainText


@router.get("/users/me", response_model=UserView)
async def get_me(call: CurrentCall) -> Response:
    """Show one's own account."""
    return Json(user_view(await call.app.get_me(call.actor)))


@router.patch("/users/me", response_model=UserView)
async def change_me(call: CurrentCall, body: Annotated[UserPatch, Body()]) -> Response:
    """Change one's own name or e-mail address. A change of the address needs ``current_password``.

    The former address gets a mail about it. At most five changes an hour, those included that end in 409.
    """
    changes: UserChanges = {}
    if "email" in body:
        changes["email"] = body["email"]
    if "full_name" in body:
        changes["full_name"] = body["full_name"]
    return Json(user_view(await call.app.change_me(call.actor, changes, body.get("current_password"))))


@router.delete("/users/me", status_code=204)
async def close_account(call: CurrentCall, body: Annotated[ClosingBody, Body()]) -> Response:
    """Remove one's own account for good, with everything in the personal space. Needs the password once more.

    Whoever is the last owner of an organisation, or the last administrator, is 409.
    """
    await call.app.close_account(call.actor, body["password"])
    return no_content()
