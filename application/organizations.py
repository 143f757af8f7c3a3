"""Organisations: founding them, who is in them, and inviting people.

Every use case raises NotAuthenticated if the caller's session has ended, and those about one organisation raise
SpaceForbidden unless the caller is in it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final

from application.invitations import close_invitations, invited_space, join
from application.listing import Bookmarks, Listing, bound, list_page
from application.ports.clock import Clock
from application.ports.cursors import Cursors
from application.ports.identity import OpenIdentity
from application.ports.ids import IdGenerator
from application.ports.organizations import Belonging, Member, OpenReception
from application.ports.paging import Onward
from application.ports.spaces import OpenSpace, Space
from application.ports.tokens import OpaqueTokens
from application.retrying import retried
from application.room import Room
from application.stretches import STRETCH, in_stretches
from domain.access import Actor, Permission, Role
from domain.errors import MemberNotFound, RoleTooLow
from domain.ids import InvitationId, SpaceId, UserId
from domain.organization import DEFAULT_VALIDITY, Invitation, Membership, Organization, OrganizationName
from domain.quotas import Quota
from domain.user import Email

LONGEST_PAGE: Final = Onward(limit=100)


@retried
@dataclass(frozen=True, slots=True)
class FoundOrganization:
    """Found an organisation and be its owner. Everybody who is signed in may. Raises QuotaReached."""

    open_identity: OpenIdentity
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(self, actor: Actor, name: OrganizationName) -> Organization:
        now = self.clock()
        organization = Organization(id=SpaceId(self.new_id()), name=name, created_at=now, updated_at=now)
        owner = Membership(space_id=organization.id, user_id=actor.user_id, role=Role.OWNER, joined_at=now)
        async with self.open_identity(actor) as identity:
            await self.room.require_of(actor.user_id, identity.organizations, Quota.OWNED)
            await self.room.require_of(actor.user_id, identity.organizations, Quota.JOINED)
            await identity.organizations.add(organization, owner)
        return organization


@retried
@dataclass(frozen=True, slots=True)
class ListOrganizations:
    """List the organisations that the caller is in, by name. Everybody who is signed in may. Raises CursorRefused."""

    open_identity: OpenIdentity
    cursors: Cursors

    async def __call__(
        self, actor: Actor, page: Onward = LONGEST_PAGE, cursor: str | None = None
    ) -> Listing[Belonging]:
        bookmarks = Bookmarks(self.cursors, bound(actor.user_id, None, "organizations"))
        async with self.open_identity(actor, read_only=True) as identity:
            return await list_page(identity.organizations.find, page, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class GetOrganization:
    """Show an organisation. Its members may."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str) -> Organization:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_SPACE)
            return await space.charter.get()


@retried
@dataclass(frozen=True, slots=True)
class RenameOrganization:
    """Give an organisation another name. Its admins and owners may. Raises RoleTooLow."""

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str, name: OrganizationName) -> Organization:
        async with self.open_space(actor, owner_id) as space:
            organization = await space.charter.get()
            renamed = organization.rename(name, by=space.access, at=self.clock())
            await space.charter.save(renamed)
        return renamed


@retried
@dataclass(frozen=True, slots=True)
class DissolveOrganization:
    """Delete an organisation with everything in it. Its owners may, and say its present name.

    It ends at once for everybody, with its memberships and invitations. Where there is much in it, the service removes
    the rest a little later. Raises RoleTooLow, InvalidValue.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str, name: str | None) -> None:
        async with self.open_space(actor, owner_id) as space:
            organization = await space.charter.get()
            space.access.require(Permission.OWN_SPACE)
            organization.require_name(name)
            await space.charter.dissolve(at=self.clock(), limit=STRETCH)


@retried
@dataclass(frozen=True, slots=True)
class ListMembers:
    """List the members of an organisation, the longest-standing first. Its members may. Raises CursorRefused."""

    open_space: OpenSpace
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str, page: Onward = LONGEST_PAGE, cursor: str | None = None
    ) -> Listing[Member]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            await space.charter.get()
            space.access.require(Permission.READ_SPACE)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "members"))
            return await list_page(space.members.find, page, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class ChangeMemberRole:
    """Make a member something else. Admins and owners may, owners are touched by owners only.

    A lower role closes the open invitations that the member could not make any more, and those bound to the member.
    Raises MemberNotFound, RoleTooLow, LastOwner, and QuotaReached where somebody would own too many organisations.
    """

    open_space: OpenSpace
    clock: Clock
    room: Room

    async def __call__(self, actor: Actor, owner_id: str, user_id: UserId, role: Role) -> Member:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            space.access.require(Permission.MANAGE_SPACE)
            other_owners = await space.members.count_other_owners(user_id)
            membership = await space.members.get(user_id)
            changed = membership.change_role(role, by=space.access, other_owners=other_owners)
            if role is Role.OWNER and membership.role is not role:
                await self.room.require_of(user_id, space.organizations, Quota.OWNED)
            await space.members.save(changed)
            member = await space.members.profile(user_id)
            if membership.role.is_above(role):
                await close_invitations(space.invitations, member.user, role, at=self.clock())
        return member


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """Put a member out, or leave. Admins and owners may put out, owners are touched by owners only.

    Everyone may leave but the last owner with an active account. The member's assignments are cleared, and the open
    invitations that they made or that are bound to them are closed. Some hundreds of tasks are taken from the member at
    a time, and with the last of them they are out. Raises MemberNotFound, RoleTooLow, LastOwner, and PartlyDone, after
    which it may be repeated.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str, user_id: UserId) -> None:
        async def remove_or_unassign() -> int:
            async with self.open_space(actor, owner_id) as space:
                await space.charter.get()
                if user_id != actor.user_id:
                    space.access.require(Permission.MANAGE_SPACE)
                other_owners = await space.members.count_other_owners(user_id)
                membership = await space.members.get(user_id)
                membership.require_removal(by=space.access, other_owners=other_owners)
                member = await space.members.profile(user_id)
                taken = await space.tasks.unassign(user_id, at=self.clock(), limit=STRETCH)
                if len(taken) < STRETCH:
                    await close_invitations(space.invitations, member.user, None, at=self.clock())
                    await space.members.remove(user_id)
            return len(taken)

        await in_stretches(remove_or_unassign)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation with its token, which is shown this once."""

    invitation: Invitation
    token: str = field(repr=False)


@retried
@dataclass(frozen=True, slots=True)
class Invite:
    """Invite a person to an organisation. Admins and owners may, with a role not above theirs.

    With an address the invitation is bound to the person who has it. The token is shown this once. Raises RoleTooLow,
    InvalidValue, QuotaReached.
    """

    open_space: OpenSpace
    tokens: OpaqueTokens
    clock: Clock
    new_id: IdGenerator
    room: Room

    async def __call__(
        self,
        actor: Actor,
        owner_id: str,
        role: Role,
        valid_for: timedelta = DEFAULT_VALIDITY,
        email: Email | None = None,
    ) -> Invited:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            await _require_present_role(space)
            token = f"{space.access.space_id}.{self.tokens.new()}"
            invitation = Invitation.offer(
                role,
                id=InvitationId(self.new_id()),
                token_hash=self.tokens.hash(token),
                valid_for=valid_for,
                by=space.access,
                at=self.clock(),
                email=email,
            )
            await self.room.require_invitation(space.invitations, at=invitation.created_at)
            await space.invitations.add(invitation)
        return Invited(invitation, token)


async def _require_present_role(space: Space) -> None:
    """Raise RoleTooLow where the actor's role or account has changed since the space was opened.

    The organisation is held by now. Without this check an invitation could be added behind a demotion or deactivation
    that has just closed all others.
    """
    try:
        present = await space.members.profile(space.access.user_id)
    except MemberNotFound:
        raise RoleTooLow from None
    if present.membership.role is not space.access.role or not present.user.is_active:
        raise RoleTooLow


@retried
@dataclass(frozen=True, slots=True)
class ListInvitations:
    """List the invitations that can still be used. Admins and owners may. Raises RoleTooLow, CursorRefused."""

    open_space: OpenSpace
    clock: Clock
    cursors: Cursors

    async def __call__(
        self, actor: Actor, owner_id: str, page: Onward = LONGEST_PAGE, cursor: str | None = None
    ) -> Listing[Invitation]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            await space.charter.get()
            space.access.require(Permission.MANAGE_SPACE)
            bookmarks = Bookmarks(self.cursors, bound(actor.user_id, space.access.space_id, "invitations"))
            return await list_page(partial(space.invitations.find, at=self.clock()), page, cursor, bookmarks)


@retried
@dataclass(frozen=True, slots=True)
class RevokeInvitation:
    """Take an invitation back. Admins and owners may. Raises InvitationNotFound, RoleTooLow."""

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str, invitation_id: InvitationId) -> None:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            space.access.require(Permission.MANAGE_SPACE)
            invitation = await space.invitations.get(invitation_id)
            await space.invitations.save(invitation.close(at=self.clock()))


@retried
@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Join an organisation. The holder of the token may, once; a bound one only with the address that it is bound to.

    Raises InvitationRefused, the same for a used, expired, revoked and unknown token and for another address, and
    AlreadyMember, which leaves the invitation unused. Raises QuotaReached where the organisation or the caller has no
    room for another membership.
    """

    open_reception: OpenReception
    tokens: OpaqueTokens
    clock: Clock
    room: Room

    async def __call__(self, actor: Actor, token: str) -> Membership:
        async with self.open_reception(actor, invited_space(token)) as reception:
            visitor = await reception.visitor()
            return await join(reception, visitor, self.tokens.hash(token), self.room, at=self.clock())
