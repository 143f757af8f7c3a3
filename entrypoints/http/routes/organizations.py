"""Organisations, their members, and invitations."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field, with_config
from typing_extensions import TypedDict

from application.ports.organizations import Belonging, Member
from domain.access import Role
from domain.ids import InvitationId, UserId, read_id
from domain.organization import DEFAULT_VALIDITY, LONGEST_VALIDITY, Invitation, Membership, Organization
from entrypoints.http.fields import (
    REQUIRED,
    STRICT,
    WRITTEN_WITH_A_POINT,
    EmailField,
    OrganizationNameField,
    PlainText,
    UuidField,
)
from entrypoints.http.idempotency import once
from entrypoints.http.lists import CursorListView, paged
from entrypoints.http.openapi import answer, paged_by_cursor
from entrypoints.http.paging import Items, PageParameters
from entrypoints.http.queries import said_in_query
from entrypoints.http.responses import Json, no_content
from entrypoints.http.routing import CurrentCall, SecuredRoute

router = APIRouter(route_class=SecuredRoute, tags=["organizations"])


@with_config(STRICT)
class OrganizationBody(TypedDict):
    """An organisation to found, or its new name."""

    name: OrganizationNameField


@with_config(STRICT)
class RoleBody(TypedDict):
    """What a member is to be."""

    role: Role


class _InvitationBody(TypedDict, total=False):
    expires_in: Annotated[
        int,
        Field(
            ge=1,
            le=int(LONGEST_VALIDITY.total_seconds()),
            strict=True,
            description=f"Seconds until it expires; left out: {int(DEFAULT_VALIDITY.total_seconds())}.",
        ),
        WRITTEN_WITH_A_POINT,
    ]
    email: Annotated[EmailField, Field(description="Only the person who has this address can accept it.")]


@with_config(STRICT)
class InvitationBody(_InvitationBody):
    """What the invited person is to be, and until when they may come."""

    role: Role


@with_config(STRICT)
class TokenBody(TypedDict):
    """The token of an invitation."""

    token: PlainText


class DissolutionParameters(BaseModel):
    """Which organisation is meant, in words."""

    model_config = STRICT

    name: Annotated[PlainText | None, Field(description="The present name of the organisation."), REQUIRED] = None


class OrganizationView(TypedDict):
    """An organisation."""

    id: UuidField
    name: str
    created_at: datetime
    updated_at: datetime


class BelongingView(OrganizationView):
    """An organisation that one is in, and as what."""

    role: Role


class BelongingListView(CursorListView):
    """The organisations that one is in."""

    items: Items[BelongingView]


class MemberView(TypedDict):
    """Somebody in an organisation."""

    user_id: UuidField
    email: str
    full_name: str | None
    role: Role
    is_active: Annotated[bool, Field(description="Whether the account is active: others cannot sign in.")]
    joined_at: datetime


class MemberListView(CursorListView):
    """Everybody in an organisation."""

    items: Items[MemberView]


class MembershipView(TypedDict):
    """One's own place in an organisation."""

    organization_id: UuidField
    user_id: UuidField
    role: Role
    joined_at: datetime


class InvitationView(TypedDict):
    """An invitation. With an address it is for the person who has that address."""

    id: UuidField
    role: Role
    created_by: UuidField
    created_at: datetime
    expires_at: datetime
    email: str | None


class CreatedInvitationView(InvitationView):
    """A new invitation, with its token, which no other answer shows."""

    token: str


class InvitationListView(CursorListView):
    """The invitations that can still be used."""

    items: Items[InvitationView]


def _organization_view(organization: Organization) -> OrganizationView:
    return {
        "id": str(organization.id),
        "name": organization.name,
        "created_at": organization.created_at,
        "updated_at": organization.updated_at,
    }


def _belonging_view(belonging: Belonging) -> BelongingView:
    return {**_organization_view(belonging.organization), "role": belonging.role}


def _member_view(member: Member) -> MemberView:
    return {
        "user_id": str(member.user.id),
        "email": member.user.email,
        "full_name": member.user.full_name,
        "role": member.membership.role,
        "is_active": member.user.is_active,
        "joined_at": member.membership.joined_at,
    }


def _membership_view(membership: Membership) -> MembershipView:
    return {
        "organization_id": str(membership.space_id),
        "user_id": str(membership.user_id),
        "role": membership.role,
        "joined_at": membership.joined_at,
    }


def _invitation_view(invitation: Invitation) -> InvitationView:
    return {
        "id": str(invitation.id),
        "role": invitation.role,
        "created_by": str(invitation.created_by),
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
        "email": invitation.email,
    }


@router.post(
    "/organizations",
    status_code=201,
    response_model=OrganizationView,
    responses=answer(201, "Location", repeatable=True),
)
async def found_organization(call: CurrentCall, body: Annotated[OrganizationBody, Body()]) -> Response:
    """Found an organisation and be its owner. Everybody who is signed in may."""
    return await once(
        call,
        call.app.found_organization,
        lambda found: found(call.actor, body["name"]),
        lambda made: Json(_organization_view(made), 201, {"Location": f"/api/organizations/{made.id}"}),
    )


@router.get("/organizations", response_model=BelongingListView, responses=paged_by_cursor())
async def list_organizations(call: CurrentCall, parameters: Annotated[PageParameters, Query()]) -> Response:
    """List the organisations that one is in, by name."""
    found = await call.app.list_organizations(call.actor, parameters.page, parameters.cursor)
    return paged(call.request, found, _belonging_view)


@router.get("/organizations/{organization_id}", response_model=OrganizationView)
async def get_organization(call: CurrentCall, organization_id: str) -> Response:
    """Show an organisation. Its members may."""
    return Json(_organization_view(await call.app.get_organization(call.actor, organization_id)))


@router.patch("/organizations/{organization_id}", response_model=OrganizationView)
async def rename_organization(
    call: CurrentCall, organization_id: str, body: Annotated[OrganizationBody, Body()]
) -> Response:
    """Give an organisation another name. Its admins and owners may."""
    return Json(_organization_view(await call.app.rename_organization(call.actor, organization_id, body["name"])))


@router.delete("/organizations/{organization_id}", status_code=204)
async def dissolve_organization(
    call: CurrentCall, organization_id: str, parameters: Annotated[DissolutionParameters, Query()]
) -> Response:
    """Delete an organisation with everything in it. Its owners may, with its present name."""
    with said_in_query():
        await call.app.dissolve_organization(call.actor, organization_id, parameters.name)
    return no_content()


@router.get("/organizations/{organization_id}/members", response_model=MemberListView, responses=paged_by_cursor())
async def list_members(
    call: CurrentCall, organization_id: str, parameters: Annotated[PageParameters, Query()]
) -> Response:
    """List the members, the longest-standing first. Members may."""
    found = await call.app.list_members(call.actor, organization_id, parameters.page, parameters.cursor)
    return paged(call.request, found, _member_view)


@router.patch(
    "/organizations/{organization_id}/members/{user_id}",
    response_model=MemberView,
)
async def change_member_role(
    call: CurrentCall, organization_id: str, user_id: str, body: Annotated[RoleBody, Body()]
) -> Response:
    """Make a member something else. Admins and owners may; owners are named and touched by owners only."""
    member = await call.app.change_member_role(call.actor, organization_id, UserId(read_id(user_id)), body["role"])
    return Json(_member_view(member))


@router.delete("/organizations/{organization_id}/members/{user_id}", status_code=204)
async def remove_member(call: CurrentCall, organization_id: str, user_id: str) -> Response:
    """Put a member out, or leave. Admins and owners may put out; everyone may leave but the last owner."""
    await call.app.remove_member(call.actor, organization_id, UserId(read_id(user_id)))
    return no_content()


@router.post(
    "/organizations/{organization_id}/invitations",
    status_code=201,
    response_model=CreatedInvitationView,
    responses=answer(201, "Location"),
)
async def invite(call: CurrentCall, organization_id: str, body: Annotated[InvitationBody, Body()]) -> Response:
    """Invite a person. Admins and owners may, with a role not above theirs. The token is shown this once.

    With an address the invitation is bound to the person who has it.
    """
    valid_for = timedelta(seconds=body.get("expires_in", DEFAULT_VALIDITY.total_seconds()))
    invited = await call.app.invite(call.actor, organization_id, body["role"], valid_for, body.get("email"))
    location = f"/api/organizations/{invited.invitation.space_id}/invitations/{invited.invitation.id}"
    view: CreatedInvitationView = {**_invitation_view(invited.invitation), "token": invited.token}
    return Json(view, 201, {"Location": location})


@router.get(
    "/organizations/{organization_id}/invitations", response_model=InvitationListView, responses=paged_by_cursor()
)
async def list_invitations(
    call: CurrentCall, organization_id: str, parameters: Annotated[PageParameters, Query()]
) -> Response:
    """List the invitations that can still be used. Admins and owners may."""
    found = await call.app.list_invitations(call.actor, organization_id, parameters.page, parameters.cursor)
    return paged(call.request, found, _invitation_view)


@router.delete(
    "/organizations/{organization_id}/invitations/{invitation_id}",
    status_code=204,
)
async def revoke_invitation(call: CurrentCall, organization_id: str, invitation_id: str) -> Response:
    """Take an invitation back. Admins and owners may."""
    await call.app.revoke_invitation(call.actor, organization_id, InvitationId(read_id(invitation_id)))
    return no_content()


@router.post("/invitations/accept", response_model=MembershipView)
async def accept_invitation(call: CurrentCall, body: Annotated[TokenBody, Body()]) -> Response:
    """Join an organisation with the token of an invitation. The holder may, once.

    An invitation that is bound to an address is for the person who has it. A member is answered 409, and the
    invitation stays unused.
    """
    return Json(_membership_view(await call.app.accept_invitation(call.actor, body["token"])))
