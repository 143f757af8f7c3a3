"""Who sends a request: the one place that decides."""

import hmac
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from application.facade import Application
from domain.access import Actor, Origin
from domain.errors import NotAuthenticated
from entrypoints.http.cookies import SessionCookie
from entrypoints.http.problems import AmbiguousCredentials, CrossSiteRefused, CsrfRefused

CSRF_HEADER: Final = "X-CSRF-Token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""

_LONGEST_USER_AGENT: Final = 500


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who they are, with a token or with a browser's cookie."""

    actor: Actor
    has_cookie: bool = False
    cookie_is_old: bool = False


def caller_of(request: Request) -> Caller:
    """Who is calling. Whether their session is still alive is found out by whatever they do next.

    Raises NotAuthenticated, and AmbiguousCredentials for more than one way of saying who one is.
    """
    app: Application = request.app.state.application
    cookie: SessionCookie = request.app.state.session_cookie
    headers = request.headers
    authorizations = headers.getlist("authorization")
    cookies = cookie.values(headers.getlist("cookie")) if "cookie" in headers else []
    if len(authorizations) + len(cookies) > 1:
        raise AmbiguousCredentials
    if cookies:
        actor, is_old = app.authenticate_browser(cookies[0], origin_of(request))
        return Caller(actor, has_cookie=True, cookie_is_old=is_old)
    return Caller(app.authenticate(_bearer_token(authorizations), origin_of(request)))


def _bearer_token(authorizations: list[str]) -> str:
    scheme, _, token = authorizations[0].partition(" ") if authorizations else ("", "", "")
    if scheme.lower() != "bearer":
        raise NotAuthenticated
    return token


def origin_of(request: Request) -> Origin:
    """Where the request comes from: the peer, or what a trusted proxy says of it."""
    agent = request.headers.get("user-agent")
    return Origin(
        ip_address=request.client.host if request.client else None,
        user_agent=agent[:_LONGEST_USER_AGENT] if agent else None,
        request_id=request.scope["request_id"],
    )


def require_intent(request: Request, caller: Caller) -> None:
    """Make sure that a browser was told by a page of ours to change something, and not by another site.

    Only requests that ride on a cookie need it: nobody else's page can send a token along. Raises CrossSiteRefused
    and CsrfRefused.
    """
    if not caller.has_cookie or request.method in SAFE_METHODS:
        return
    refuse_other_sites(request)
    app: Application = request.app.state.application
    sent = request.headers.get(CSRF_HEADER, "").encode()
    known = [hmac.compare_digest(sent, token.encode()) for token in app.list_csrf_tokens(caller.actor)]
    if not any(known):
        raise CsrfRefused


def refuse_other_sites(request: Request) -> None:
    """Raise CrossSiteRefused if the browser says that another site's page is behind the request (Fetch Metadata)."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise CrossSiteRefused
