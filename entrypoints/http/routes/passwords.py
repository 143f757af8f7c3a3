"""Changing one's password, and choosing a new one with a token that comes by mail."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import with_config
from typing_extensions import TypedDict

from entrypoints.http.fields import STRICT, EmailField, PasswordField, PlainText
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import App, CurrentCall, From, PublicRoute, SecuredRoute

public = APIRouter(route_class=PublicRoute, tags=["authentication"])
router = APIRouter(route_class=SecuredRoute, tags=["users"])


@with_config(STRICT)
class PasswordChange(TypedDict):
    """The password that one has, and the one that one wants."""

    current_password: PlainText
    new_password: PasswordField


@with_config(STRICT)
class PasswordResetRequest(TypedDict):
    """The address of the account."""

    email: EmailField


@with_config(STRICT)
class PasswordResetConfirmation(TypedDict):
    """The token of the mail, and the password that one wants."""

    token: PlainText
    new_password: PasswordField


class PasswordResetView(TypedDict):
    """Nothing: it is not told whether there is such an account."""


@router.post("/users/me/password", status_code=204)
async def change_password(call: CurrentCall, body: Annotated[PasswordChange, Body()]) -> Response:
    """Change one's own password. Every other session of the account ends."""
    await call.app.change_password(call.actor, body["current_password"], body["new_password"])
    return no_content()


@public.post("/auth/password-reset", status_code=202, response_model=PasswordResetView)
async def request_password_reset(app: App, origin: From, body: Annotated[PasswordResetRequest, Body()]) -> Response:
    """Ask for a mail with a token for a new password. The answer is the same whether or not there is such an account.

    The token works once, for 30 minutes. A newer request makes it void, and so does a change of password or address.
    """
    await app.request_password_reset(body["email"], origin)
    return Json({}, 202)


@public.post("/auth/password-reset/confirm", status_code=204)
async def confirm_password_reset(
    app: App, origin: From, body: Annotated[PasswordResetConfirmation, Body()]
) -> Response:
    """Choose a new password with the token of a mail. Every session of the account ends.

    A token that is used, expired, replaced or unknown is 400. A password that is refused leaves it as it is.
    """
    await app.confirm_password_reset(body["token"], body["new_password"], origin)
    return no_content()
