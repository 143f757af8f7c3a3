"""Registering, signing in, staying signed in, signing out."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import Field, with_config
from typing_extensions import TypedDict

from application.authentication import TokenPair
from domain.ids import SessionId, read_id
from domain.session import Session
from entrypoints.http.callers import refuse_other_sites
from entrypoints.http.fields import STRICT, EmailField, NameField, PasswordField, PlainText, UuidField
from entrypoints.http.lists import CursorListView, paged
from entrypoints.http.openapi import answer, paged_by_cursor
from entrypoints.http.paging import Items, PageParameters
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import App, Call, CurrentCall, From, PublicRoute, SecuredRoute
from entrypoints.http.views import UserView, user_view

public = APIRouter(route_class=PublicRoute, tags=["authentication"])
router = APIRouter(route_class=SecuredRoute, tags=["authentication"])


class _Registration(TypedDict, total=False):
    full_name: NameField | None
    invitation: Annotated[PlainText, Field(description="The token of an invitation: the new account joins by it.")]


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


class BrowserSessionView(TypedDict):
    """Who is signed in, and what changes of this session need."""

    user: UserView
    csrf_token: str


class SessionView(TypedDict):
    """A sign-in on some device. ``expires_at`` moves on as it is used, up to a limit."""

    id: UuidField
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ip_address: str | None
    user_agent: str | None
    current: Annotated[bool, Field(description="Whether it is the one that asks.")]


class SessionListView(CursorListView):
    """The sessions that are alive."""

    items: Items[SessionView]


def _session_view(session: Session, call: Call) -> SessionView:
    return {
        "id": str(session.id),
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "ip_address": session.ip_address,
        "user_agent": session.user_agent,
        "current": session.id == call.actor.session_id,
    }


def _token_view(pair: TokenPair) -> TokenView:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "bearer",
        "expires_in": int(pair.lifetime.total_seconds()),
    }


@public.post("/auth/register", status_code=201, response_model=UserView, responses=answer(201, "Location"))
async def register(app: App, origin: From, body: Annotated[Registration, Body()]) -> Response:
    """Open an account for oneself. Anyone may, as far as the operator's registration policy allows.

    With the token of an invitation the new account is a member of its organisation at once.
    """
    user = await app.register(
        body["email"], body["password"], body.get("full_name"), origin, invitation=body.get("invitation")
    )
    return Json(user_view(user), 201, {"Location": "/api/users/me"})


@public.post("/auth/login", response_model=TokenView)
async def login(app: App, origin: From, body: Annotated[SignInBody, Body()]) -> Response:
    """Start a session. Anyone may; an unknown address, a wrong password and an inactive account get one answer."""
    return Json(_token_view(await app.sign_in(body["email"], body["password"], origin)))


@public.post("/auth/refresh", response_model=TokenView)
async def refresh(app: App, origin: From, body: Annotated[RefreshBody, Body()]) -> Response:
    """Exchange a refresh token for a new pair. Each token works once; a stolen one ends the session."""
    return Json(_token_view(await app.refresh(body["refresh_token"], origin)))


@public.post("/auth/session", response_model=BrowserSessionView)
async def login_browser(request: Request, app: App, origin: From, body: Annotated[SignInBody, Body()]) -> Response:
    """Start a session that a browser keeps up with a cookie. Anyone may; the answers are those of login.

    Send the csrf_token as X-CSRF-Token with every request of this session that changes something.
    """
    refuse_other_sites(request)
    session = await app.sign_in_browser(body["email"], body["password"], origin)
    response = Json(BrowserSessionView(user=user_view(session.user), csrf_token=session.csrf_token))
    request.app.state.session_cookie.give(response, session.cookie, session.lifetime)
    return response


@router.get("/auth/session", response_model=BrowserSessionView)
async def show_browser_session(call: CurrentCall) -> Response:
    """Show who is signed in, and the token that changes need.

    For a page that was loaded anew: it has the cookie, and not the csrf_token.
    """
    user = await call.app.get_me(call.actor)
    return Json(BrowserSessionView(user=user_view(user), csrf_token=call.app.list_csrf_tokens(call.actor)[0]))


@router.delete("/auth/session", status_code=204)
async def logout_browser(request: Request, call: CurrentCall) -> Response:
    """End this session, and have the browser forget its cookie.

    The answer takes the cookie back.
    """
    await call.app.sign_out(call.actor)
    response = no_content()
    request.app.state.session_cookie.take(response)
    return response


@router.post("/auth/logout", status_code=204)
async def logout(call: CurrentCall) -> Response:
    """End this session: its access and refresh tokens stop working at once."""
    await call.app.sign_out(call.actor)
    return no_content()


@router.post("/auth/logout-all", status_code=204)
async def logout_all(call: CurrentCall) -> Response:
    """End every session of the caller, on every device, this one too."""
    await call.app.end_all_sessions(call.actor)
    return no_content()


@router.get("/auth/sessions", response_model=SessionListView, responses=paged_by_cursor())
async def list_sessions(call: CurrentCall, parameters: Annotated[PageParameters, Query()]) -> Response:
    """List the caller's sessions that are alive, the one used last first."""
    found = await call.app.list_sessions(call.actor, parameters.page, parameters.cursor)
    return paged(call.request, found, lambda session: _session_view(session, call))


@router.delete("/auth/sessions/{session_id}", status_code=204)
async def end_session(call: CurrentCall, session_id: str) -> Response:
    """End one of the caller's sessions: its tokens stop working at once."""
    await call.app.end_session(call.actor, SessionId(read_id(session_id)))
    return no_content()
