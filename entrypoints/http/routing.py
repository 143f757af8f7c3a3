"""Routes: who is calling is settled before anything else is looked at."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from application.facade import Application
from domain.access import Actor, Origin
from domain.errors import NotAuthenticated, PreconditionFailed
from domain.shares import share_of_actor
from entrypoints.http.bodies import LARGEST_BODY, LARGEST_PUBLIC_BODY, StrictRequest
from entrypoints.http.buffers import LARGE_ANSWER, Buffers
from entrypoints.http.callers import SAFE_METHODS, Caller, caller_of, origin_of, require_intent
from entrypoints.http.docstrings import raised_by
from entrypoints.http.large_answers import InPieces
from entrypoints.http.problems import CrossSiteRefused, CsrfRefused, PreconditionNotSupported
from entrypoints.http.reading import Endpoint, Strictness, signature_of

FIXED_SEGMENTS: Final = (
    "auth", "users", "admin", "organizations", "invitations",
    "tasks", "tags", "documents", "settings", "audit",
)  # fmt: skip
"""First segments below ``/api`` that are no owner, whatever comes after them."""

FIXED_ITEMS: Final = ("bulk", "trash")
"""What stands in the place of an id and is none."""

PERSONAL: Final = "/api"
OWNER: Final = "owner_id"
OF_OWNER: Final = f"/api/{{{OWNER}:owner}}"


_SEGMENT: Final = "[^/]+"
_PRINTED_SEGMENT: Final = r"[^/\x00-\x1f\x7f-\x9f]+"


class _OwnerConvertor(StringConvertor):
    """Any one segment that does not mean something else."""

    regex = f"(?!(?:{'|'.join(FIXED_SEGMENTS)})(?:/|\\Z))[^/]+"


class _ItemConvertor(StringConvertor):
    """The id of an item, or whatever somebody takes for one."""

    regex = f"(?!(?:{'|'.join(FIXED_ITEMS)})(?:/|\\Z))[^/]+"


register_url_convertor("owner", _OwnerConvertor())
register_url_convertor("item", _ItemConvertor())


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who is signed in: what can be done, by whom, and in whose space."""

    app: Application
    actor: Actor
    owner_id: str | None
    request: StrictRequest

    async def weigh(self, things: int) -> None:
        """Count the request for more where it is about many things. Raises TooManyRequests."""
        scope = self.request.scope
        scope["counted"] = await self.app.count_request.more(scope["counted"], things)

    def location(self, *segments: object) -> str:
        """The address of something in the space that was named, in the way that it was named."""
        space = () if self.owner_id is None else (self.owner_id.lower(),)
        return "/".join(map(str, ("/api", *space, *segments)))


class StrictRoute(APIRoute):
    """A route whose endpoint is handed what it takes, and is not called if anything else was sent.

    It is made as one that is public or secured.
    """

    ignores_query: ClassVar = False
    largest_body: ClassVar = LARGEST_BODY

    def __init__(self, path: str, endpoint: Endpoint, **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        # Starlette ends it with '$', which also fits before a line feed at the end, and takes controls for ids.
        pattern = self.path_regex.pattern.removesuffix("$").replace(_SEGMENT, _PRINTED_SEGMENT)
        self.path_regex = re.compile(rf"{pattern}\Z")
        # A body means nothing to what only reads.
        strictness = Strictness(body=not SAFE_METHODS.issuperset(self.methods or ()), query=not self.ignores_query)
        self.signature = signature_of(endpoint, frozenset(self.param_convertors) - {OWNER}, strictness)
        self.app = self._serve

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. What goes wrong is answered by the application's handlers of exceptions."""
        request = StrictRequest(scope, receive, self.largest_body)
        try:
            response = await self.answer(request)
            await response(scope, receive, send)
        finally:
            request.let_go()

    async def answer(self, request: StrictRequest) -> Response:
        """Read what the endpoint takes, and let it answer."""
        response: Response = await self.endpoint(**await self.signature.read(request))
        return response


class PublicRoute(StrictRoute):
    """A route that anyone may use. Its bodies are small: no account has to answer for the work that they cause."""

    largest_body: ClassVar = LARGEST_PUBLIC_BODY


class PlainRoute(PublicRoute):
    """A route that takes nothing, and answers whatever its query says: to probes, and for pages."""

    ignores_query = True


class SecuredRoute(StrictRoute):
    """A route for people who are signed in."""

    async def answer(self, request: StrictRequest) -> Response:
        """Answer 401 before anything else."""
        app: Application = request.app.state.application
        caller = caller_of(request)
        request.scope["counted"] = await app.count_request(caller.actor)
        request.share = share_of_actor(caller.actor)
        request.scope["call"] = Call(app, caller.actor, request.path_params.get(OWNER), request)
        try:
            response = await self._answer(request, app, caller)
            is_large = len(response.body) > LARGE_ANSWER and not isinstance(response, InPieces)
            return _held(response, request) if is_large else response
        except NotAuthenticated:
            await app.count_request.move(caller.actor, request.scope["counted"])
            raise
        finally:
            del request.scope["call"]  # It leads to the request, and so back here: a ring for the garbage collector.

    def _require_evaluated(self, request: StrictRequest) -> None:
        """Raise PreconditionNotSupported for a condition that the operation would ignore (RFC 9110, 13.1)."""
        if "if-match" in request.headers and not self._evaluates_if_match:
            raise PreconditionNotSupported
        if "if-none-match" in request.headers and not self._evaluates_if_none_match:
            raise PreconditionNotSupported

    @cached_property
    def _evaluates_if_match(self) -> bool:
        return PreconditionFailed in raised_by(self)

    @cached_property
    def _evaluates_if_none_match(self) -> bool:
        is_put = "PUT" in (self.methods or ()) and self._evaluates_if_match
        return is_put or int(HTTPStatus.NOT_MODIFIED) in self.responses

    async def _answer(self, request: StrictRequest, app: Application, caller: Caller) -> Response:
        try:
            self._require_evaluated(request)
            require_intent(request, caller)
            renewed = await app.renew_browser(caller.actor) if caller.cookie_is_old else None
            response = await super().answer(request)
        except (RequestValidationError, HTTPException) as refusal:
            # Perhaps no use case has looked at the session, and a 401 goes before what is wrong with the request.
            await app.check_session(caller.actor)
            if isinstance(refusal, (CsrfRefused, CrossSiteRefused)):
                await app.record_forgery(caller.actor, refusal.code)
            raise
        if renewed is not None and "set-cookie" not in response.headers:
            request.app.state.session_cookie.give(response, renewed.cookie, renewed.lifetime)
        return response


def _held(response: Response, request: StrictRequest) -> Response:
    """A large answer, for which room is held until the client has read it.

    Raises TooBusy where there is none for an answer that can be asked for again.
    """
    assert request.share is not None
    buffers: Buffers = request.app.state.buffers
    take = buffers.reserve if request.method in SAFE_METHODS else buffers.hold
    take(request.share, len(response.body))
    return InPieces(response, partial(buffers.release, request.share, len(response.body)))


class SpaceRoute(SecuredRoute):
    """A route about what is in a space. It exists under both prefixes."""


async def _call(request: Request) -> Call:
    call: Call = request.scope["call"]
    return call


async def _application(request: Request) -> Application:
    app: Application = request.app.state.application
    return app


async def _origin(request: Request) -> Origin:
    return origin_of(request)


From = Annotated[Origin, Depends(_origin)]
CurrentCall = Annotated[Call, Depends(_call)]
App = Annotated[Application, Depends(_application)]


def serve(app: FastAPI, router: APIRouter, prefix: str) -> None:
    """Put the router's routes under ``prefix``, flat: FastAPI looks into an included router twice for each request."""
    for route in router.routes:
        assert isinstance(route, APIRoute)
        app.router.add_api_route(
            prefix + route.path,
            route.endpoint,
            response_model=route.response_model,
            status_code=route.status_code,
            tags=router.tags,
            summary=route.summary,
            description=route.description,
            responses=route.responses,
            methods=sorted(route.methods or ()),
            operation_id=_operation_id(route.name, prefix),
            name=route.name,
            route_class_override=type(route),
        )


def _operation_id(name: str, prefix: str) -> str:
    return f"{name}_of_owner" if prefix == OF_OWNER else name


def routes_at(app: FastAPI, path: str) -> Iterator[APIRoute]:
    """Every route at this path, whichever method it takes."""
    return (route for route in app.routes if isinstance(route, APIRoute) and route.path_regex.match(path))


def methods_at(app: FastAPI, path: str) -> set[str]:
    """Every method that some route takes at this path."""
    return {method for route in routes_at(app, path) for method in route.methods or ()}
