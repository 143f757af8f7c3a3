"""Rules of invitations that several use cases share: joining by one, and the end of those that rest on a right."""

from datetime import datetime

from application.ports.organizations import Invitations, Member, Reception
from application.room import Room
from domain.access import Role
from domain.errors import AlreadyMember, InvitationRefused, MemberNotFound
from domain.ids import SpaceId, UserId, read_id
from domain.organization import Invitation, Membership
from domain.quotas import Quota
from domain.user import Email, User


async def close_invitations(invitations: Invitations, of: User, role: Role | None, *, at: datetime) -> None:
    """Close the open invitations that end when the role of this person becomes ``role``, None for no role at all."""
    for invitation in await invitations.open():
        if invitation.rests_on(of.id, of.email, role):
            await invitations.save(invitation.close(at=at))


async def join(reception: Reception, visitor: User, token_hash: bytes, room: Room, *, at: datetime) -> Membership:
    """Make the visitor a member by the invitation with this token, and close it.

    Raises InvitationRefused, AlreadyMember and QuotaReached.
    """
    invitation = await open_invitation(reception, visitor.email, token_hash, at=at)
    if await _active_member(reception, visitor.id) is not None:
        raise AlreadyMember
    membership = invitation.membership_of(visitor.id, at=at)
    await room.require(reception.usage, Quota.MEMBERS)
    await room.require_of(visitor.id, reception.organizations, Quota.JOINED)
    if membership.role is Role.OWNER:
        await room.require_of(visitor.id, reception.organizations, Quota.OWNED)
    await reception.members.add(membership)
    await reception.invitations.save(invitation.close(at=at))
    return membership


async def open_invitation(reception: Reception, email: Email, token_hash: bytes, *, at: datetime) -> Invitation:
    """The invitation with this token, for a person with the address ``email``. Raises InvitationRefused."""
    invitation = await reception.invitations.with_token(token_hash)
    maker = await _active_member(reception, invitation.created_by) if invitation else None
    role = maker.membership.role if maker else None
    if invitation is None or not invitation.is_open(maker=role, email=email, at=at):
        raise InvitationRefused
    return invitation


def invited_space(token: str) -> SpaceId:
    """The space that the token of an invitation names."""
    return SpaceId(read_id(token.partition(".")[0]))


async def _active_member(reception: Reception, user_id: UserId) -> Member | None:
    try:
        member = await reception.members.profile(user_id)
    except MemberNotFound:
        return None
    return member if member.user.is_active else None
