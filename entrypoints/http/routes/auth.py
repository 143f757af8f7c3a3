"""Registering, signing in, staying signed in, signing out."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Response
from pydantic import Field, with_config
from typing_extensions import TypedDict

from application.authentication import TokenPair
from entrypoints.http.fields import STRICT, EmailField, NameField, PasswordField, PlainText
from entrypoints.http.openapi import created, refusals
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import App, CurrentCall, From, PublicRoute, SecuredRoute
from entrypoints.http.views import UserView, user_view

public = APIRouter(route_class=PublicRoute, tags=["authentication"])
router = APIRouter(route_class=SecuredRoute, tags=["authentication"])


class _Registration(TypedDict, total=False):
    full_name: NameField | None


@with_config(STRICT)
class Registration(_Registration):
    """A new account."""

    email: EmailField
    password: PasswordField


@with_config(STRICT)
class SignInBody(TypedDict):
    """Who somebody says they are, and the proof."""

    email: PlainText
    password: PlainText


@with_config(STRICT)
class RefreshBody(TypedDict):
    """The refresh token that was given last."""

    refresh_token: PlainText


class TokenView(TypedDict):
    """What a sign-in gives."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds until the access token expires.")]


def _token_view(pair: TokenPair) -> TokenView:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "bearer",
        "expires_in": int(pair.lifetime.total_seconds()),
    }


@public.post("/auth/register", status_code=201, response_model=UserView, responses=created() | refusals(409, 429))
async def register(app: App, origin: From, body: Annotated[Registration, Body()]) -> Response:
    """Open an account for oneself. Anyone may."""
    user = await app.register(body["email"], body["password"], body.get("full_name"), origin)
    return Json(user_view(user), 201, {"Location": "/api/users/me"})


@public.post("/auth/login", response_model=TokenView, responses=refusals(401, 429))
async def login(app: App, origin: From, body: Annotated[SignInBody, Body()]) -> Response:
    """Start a session. Anyone may; an unknown address, a wrong password and an inactive account get one answer."""
    return Json(_token_view(await app.sign_in(body["email"], body["password"], origin)))


@public.post("/auth/refresh", response_model=TokenView, responses=refusals(401, 429))
async def refresh(app: App, origin: From, body: Annotated[RefreshBody, Body()]) -> Response:
    """Exchange a refresh token for a new pair. Each token works once; a stolen one ends the session."""
    return Json(_token_view(await app.refresh(body["refresh_token"], origin)))


@router.post("/auth/logout", status_code=204)
async def logout(call: CurrentCall) -> Response:
    """End this session: its access and refresh tokens stop working at once."""
    await call.app.sign_out(call.actor)
    return no_content()
