"""The log of a space, and what administrators see of all logs."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from application.listing import Listing
from application.ports.audit import AuditQuery
from domain.audit import Action, AuditEvent, Outcome, Resource, Source
from entrypoints.http.fields import IN_DIGITS, STRICT, MomentField, PlainText, UuidField
from entrypoints.http.leaving import while_connected
from entrypoints.http.paging import DEFAULT_SIZE, LARGEST_SIZE, Items
from entrypoints.http.responses import Json
from entrypoints.http.routing import CurrentCall, SecuredRoute, SpaceRoute

router = APIRouter(route_class=SpaceRoute, tags=["audit"])
administration = APIRouter(route_class=SecuredRoute, tags=["administration"])


class EventParameters(BaseModel):
    """Which events: all that fit every filter."""

    model_config = STRICT

    cursor: Annotated[
        PlainText,
        Field(description="The next_cursor of the page before, with the same filters; empty for the first one."),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=LARGEST_SIZE), IN_DIGITS] = DEFAULT_SIZE
    action: Action | None = None
    resource_type: Resource | None = None
    resource_id: PlainText | None = None
    since: Annotated[MomentField | None, Field(description="At this moment or later.")] = None
    until: Annotated[MomentField | None, Field(description="Before this moment.")] = None

    def query(self) -> AuditQuery:
        """What the use case is asked for."""
        return AuditQuery(
            action=self.action,
            resource_type=self.resource_type,
            resource_id=self.resource_id,
            since=self.since,
            until=self.until,
            limit=self.limit,
        )


class EventView(TypedDict):
    """Who did what to what, when, from where, and what came of it.

    ``source`` says on whose behalf: ``user`` of the account in ``actor_id``, or of somebody unknown where that is null;
    ``operator`` at the command line of the service; ``service`` by a rule of the service itself. It is null in events
    from before it was recorded.
    """

    id: UuidField
    at: datetime
    actor_id: UuidField | None
    action: Action
    outcome: Outcome
    resource_type: Resource
    resource_id: str | None
    ip_address: str | None
    user_agent: str | None
    request_id: str | None
    changes: dict[str, Any]
    source: Source | None


class EventListView(TypedDict):
    """A stretch of a log, the newest event first."""

    items: Items[EventView]
    next_cursor: str | None


class VerdictView(TypedDict):
    """What looking the log over has found."""

    valid: bool
    checked: int
    first_broken: UuidField | None


def _event_view(event: AuditEvent) -> EventView:
    return {
        "id": str(event.id),
        "at": event.at,
        "actor_id": None if event.actor_id is None else str(event.actor_id),
        "action": event.action,
        "outcome": event.outcome,
        "resource_type": event.resource_type,
        "resource_id": event.resource_id,
        "ip_address": event.ip_address,
        "user_agent": event.user_agent,
        "request_id": event.request_id,
        "changes": dict(event.changes),
        "source": event.source,
    }


def _list_view(page: Listing[AuditEvent]) -> EventListView:
    return {"items": [_event_view(event) for event in page.items], "next_cursor": page.next_cursor}


@router.get("/audit", response_model=EventListView)
async def list_events(call: CurrentCall, parameters: Annotated[EventParameters, Query()]) -> Response:
    """Show the log of a space, the newest event first: one's own, or an organisation's to its admins and owners."""
    query = parameters.query()
    return Json(_list_view(await call.app.list_events(call.actor, call.owner_id, query, parameters.cursor)))


@router.get("/audit/verify", response_model=VerdictView)
async def verify_log(call: CurrentCall) -> Response:
    """Make sure that nobody has changed or removed what the log says. Those who may read it may.

    Callers who ask at the same time share one look. A look covers everything that was written before it began; within
    ten minutes it goes on from the last event that held. It is given up when the client disconnects, and the next one
    goes on from there.
    """
    verdict = await while_connected(call.request, call.app.verify_log(call.actor, call.owner_id))
    broken = verdict.first_broken
    view: VerdictView = {
        "valid": verdict.valid,
        "checked": verdict.checked,
        "first_broken": None if broken is None else str(broken),
    }
    return Json(view)


@administration.get("/admin/audit", response_model=EventListView)
async def list_account_events(call: CurrentCall, parameters: Annotated[EventParameters, Query()]) -> Response:
    """Show sign-ins, changes of accounts and refusals of everybody. Administrators may; nobody's items are in it."""
    query = parameters.query()
    return Json(_list_view(await call.app.list_account_events(call.actor, query, parameters.cursor)))
