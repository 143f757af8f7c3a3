"""Organisations: founding them, who is in them, and inviting people.

Every use case raises NotAuthenticated if the caller's session has ended, and those about one organisation raise
SpaceForbidden unless the caller is in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from application.ports.clock import Clock
from application.ports.identity import OpenIdentity
from application.ports.ids import IdGenerator
from application.ports.organizations import Belonging, Member, OpenReception, Reception
from application.ports.spaces import OpenSpace
from application.ports.tokens import OpaqueTokens
from domain.access import Actor, Permission, Role
from domain.errors import InvitationRefused, MemberNotFound
from domain.ids import InvitationId, SpaceId, UserId, read_id
from domain.organization import DEFAULT_VALIDITY, Invitation, Membership, Organization, OrganizationName


@dataclass(frozen=True, slots=True)
class FoundOrganization:
    """Found an organisation and be its owner. Everybody who is signed in may."""

    open_identity: OpenIdentity
    clock: Clock
    new_id: IdGenerator

    async def __call__(self, actor: Actor, name: OrganizationName) -> Organization:
        now = self.clock()
        organization = Organization(id=SpaceId(self.new_id()), name=name, created_at=now, updated_at=now)
        owner = Membership(space_id=organization.id, user_id=actor.user_id, role=Role.OWNER, joined_at=now)
        async with self.open_identity(actor) as identity:
            await identity.organizations.add(organization, owner)
        return organization


@dataclass(frozen=True, slots=True)
class ListOrganizations:
    """List the organisations that the caller is in, by name. Everybody who is signed in may."""

    open_identity: OpenIdentity

    async def __call__(self, actor: Actor) -> Sequence[Belonging]:
        async with self.open_identity(actor, read_only=True) as identity:
            return await identity.organizations.of(actor.user_id)


@dataclass(frozen=True, slots=True)
class GetOrganization:
    """Show an organisation. Its members may."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str) -> Organization:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            space.access.require(Permission.READ_SPACE)
            return await space.charter.get()


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


@dataclass(frozen=True, slots=True)
class DissolveOrganization:
    """Delete an organisation with everything in it. Its owners may. Raises RoleTooLow."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str) -> None:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            space.access.require(Permission.OWN_SPACE)
            await space.charter.dissolve()


@dataclass(frozen=True, slots=True)
class ListMembers:
    """List the members of an organisation, the longest-standing first. Its members may."""

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str) -> Sequence[Member]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            await space.charter.get()
            space.access.require(Permission.READ_SPACE)
            return await space.members.all()


@dataclass(frozen=True, slots=True)
class ChangeMemberRole:
    """Make a member something else. Admins and owners may, owners are touched by owners only.

    Raises MemberNotFound, RoleTooLow, LastOwner.
    """

    open_space: OpenSpace

    async def __call__(self, actor: Actor, owner_id: str, user_id: UserId, role: Role) -> Member:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            space.access.require(Permission.MANAGE_SPACE)
            owners = await space.members.count_owners()
            membership = await space.members.get(user_id)
            await space.members.save(membership.change_role(role, by=space.access, owners=owners))
            members = await space.members.all()
        return next(member for member in members if member.membership.user_id == user_id)


@dataclass(frozen=True, slots=True)
class RemoveMember:
    """Put a member out, or leave. Admins and owners may put out, owners are touched by owners only.

    Everyone may leave but the last owner. The member's assignments are cleared. Raises MemberNotFound, RoleTooLow,
    LastOwner.
    """

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str, user_id: UserId) -> None:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            if user_id != actor.user_id:
                space.access.require(Permission.MANAGE_SPACE)
            owners = await space.members.count_owners()
            membership = await space.members.get(user_id)
            membership.require_removal(by=space.access, owners=owners)
            await space.tasks.unassign(user_id, at=self.clock())
            await space.members.remove(user_id)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new invitation with its token, which is shown this once."""

    invitation: Invitation
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite somebody to an organisation. Admins and owners may, with a role not above theirs.

    The token is shown this once. Raises RoleTooLow, InvalidValue.
    """

    open_space: OpenSpace
    tokens: OpaqueTokens
    clock: Clock
    new_id: IdGenerator

    async def __call__(
        self, actor: Actor, owner_id: str, role: Role, valid_for: timedelta = DEFAULT_VALIDITY
    ) -> Invited:
        async with self.open_space(actor, owner_id) as space:
            await space.charter.get()
            token = f"{space.access.space_id}.{self.tokens.new()}"
            invitation = Invitation.offer(
                role,
                id=InvitationId(self.new_id()),
                token_hash=self.tokens.hash(token),
                valid_for=valid_for,
                by=space.access,
                at=self.clock(),
            )
            await space.invitations.add(invitation)
        return Invited(invitation, token)


@dataclass(frozen=True, slots=True)
class ListInvitations:
    """List the invitations that can still be used. Admins and owners may. Raises RoleTooLow."""

    open_space: OpenSpace
    clock: Clock

    async def __call__(self, actor: Actor, owner_id: str) -> Sequence[Invitation]:
        async with self.open_space(actor, owner_id, read_only=True) as space:
            await space.charter.get()
            space.access.require(Permission.MANAGE_SPACE)
            now = self.clock()
            return [invitation for invitation in await space.invitations.open() if now < invitation.expires_at]


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


@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Join an organisation. Whoever holds the token may, once; a member stays what they are and leaves it unused.

    Raises InvitationRefused, the same for a used, expired, revoked and unknown token.
    """

    open_reception: OpenReception
    tokens: OpaqueTokens
    clock: Clock

    async def __call__(self, actor: Actor, token: str) -> Membership:
        space_id = SpaceId(read_id(token.partition(".")[0]))
        async with self.open_reception(actor, space_id) as reception:
            now = self.clock()
            invitation = await reception.invitations.with_token(self.tokens.hash(token))
            maker = await _membership(reception, invitation.created_by) if invitation else None
            if invitation is None or not invitation.is_open(maker=maker, at=now):
                raise InvitationRefused
            present = await _membership(reception, actor.user_id)
            if present is not None:
                return present
            membership = invitation.membership_of(actor.user_id, at=now)
            await reception.members.add(membership)
            await reception.invitations.save(invitation.close(at=now))
        return membership


async def _membership(reception: Reception, user_id: UserId) -> Membership | None:
    try:
        return await reception.members.get(user_id)
    except MemberNotFound:
        return None
