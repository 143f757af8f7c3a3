"""Organisations: spaces that several people share, who is in them as what, and how one gets in."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

from domain.access import GRANTS, Access, Permission, Role
from domain.errors import InvalidValue, LastOwner, RoleTooLow
from domain.ids import InvitationId, SpaceId, UserId
from domain.place import Place
from domain.text import visible_text
from domain.time import microseconds, not_before
from domain.user import Email

DEFAULT_VALIDITY: Final = timedelta(days=7)
LONGEST_VALIDITY: Final = timedelta(days=30)


class OrganizationName(str):
    """What an organisation is called: 1 to 255 characters, one of which can be seen. Raises InvalidValue."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, visible_text(text, what="A name", shortest=1, longest=255))


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """A shared space. Its id is the space's."""

    id: SpaceId
    name: OrganizationName
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """The position in a list by name."""
        return Place(self.name, self.id)

    def rename(self, name: OrganizationName, *, by: Access, at: datetime) -> Self:
        """Give it another name. Raises RoleTooLow."""
        by.require(Permission.MANAGE_SPACE)
        return self if name == self.name else replace(self, name=name, updated_at=not_before(self.updated_at, at))

    def require_name(self, name: str | None) -> None:
        """Make sure that the caller means this organisation: ``name`` is its present name. Raises InvalidValue."""
        if name is None:
            raise InvalidValue(
                "missing", "Send the present name of the organisation that is to be deleted.", field="name"
            )
        if name != self.name:
            raise InvalidValue("another_name", "This is not the present name of the organisation.", field="name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Somebody's place in an organisation."""

    space_id: SpaceId
    user_id: UserId
    role: Role
    joined_at: datetime

    @property
    def place(self) -> Place:
        """The position among the members, the longest-standing first."""
        return Place(microseconds(self.joined_at), self.user_id)

    def change_role(self, role: Role, *, by: Access, other_owners: int) -> Self:
        """Make the member something else; ``other_owners`` counts the other owners whose accounts are active.

        Raises RoleTooLow: members are managed by admins and owners, owners are named and touched by owners only, and
        nobody raises anyone above themselves. Raises LastOwner if nobody would own the organisation any more.
        """
        _require_management(by, self.role, role)
        self._require_another_owner(other_owners, leaving=role is not Role.OWNER)
        return replace(self, role=role)

    def require_removal(self, *, by: Access, other_owners: int) -> None:
        """Make sure that ``by`` may remove this member. Everyone may leave.

        ``other_owners`` counts the other owners whose accounts are active: an owner who cannot sign in owns nothing.

        Raises RoleTooLow, and LastOwner if nobody would own the organisation any more.
        """
        if by.user_id != self.user_id:
            _require_management(by, self.role)
        self._require_another_owner(other_owners, leaving=True)

    def _require_another_owner(self, other_owners: int, *, leaving: bool) -> None:
        if leaving and self.is_last_owner(other_owners):
            raise LastOwner

    def is_last_owner(self, other_owners: int) -> bool:
        """Tell whether the organisation has no other owner with an active account."""
        return self.role is Role.OWNER and other_owners < 1


def _require_management(by: Access, *roles: Role) -> None:
    """Raise RoleTooLow unless ``by`` may deal with members of these roles."""
    by.require(Permission.MANAGE_SPACE)
    if any(role.is_above(by.role) for role in roles):
        raise RoleTooLow


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An offer of membership for one person. Only the hash of its token is stored.

    With an ``email`` it is bound to the person who has that address; without one it is for the holder of the token.
    """

    id: InvitationId
    space_id: SpaceId
    role: Role
    token_hash: bytes
    created_by: UserId
    created_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None
    email: Email | None = None

    @classmethod
    def offer(  # noqa: PLR0913 - an invitation is these things
        cls,
        role: Role,
        *,
        id: InvitationId,
        token_hash: bytes,
        valid_for: timedelta,
        by: Access,
        at: datetime,
        email: Email | None = None,
    ) -> Self:
        """Invite a person to the space of ``by``, with a role not above theirs. Raises RoleTooLow, InvalidValue."""
        _require_management(by, role)
        if not timedelta(0) < valid_for <= LONGEST_VALIDITY:
            raise InvalidValue(
                "out_of_range", "An invitation may be valid for 1 second to 30 days.", field="expires_in"
            )
        return cls(
            id=id,
            space_id=by.space_id,
            role=role,
            token_hash=token_hash,
            created_by=by.user_id,
            created_at=at,
            expires_at=at + valid_for,
            email=email,
        )

    @property
    def place(self) -> Place:
        """The position among the invitations, newest first."""
        return Place(microseconds(self.created_at), self.id)

    def is_open(self, *, maker: Role | None, email: Email, at: datetime) -> bool:
        """Tell whether the person with the address ``email`` can use the invitation at ``at``.

        It is open while it is neither closed nor expired, its maker could make it today, and the address is the one
        that it is bound to. ``maker`` is the maker's present role, None for a maker who has left or is not active.
        """
        if self.closed_at is not None or at >= self.expires_at:
            return False
        return self._could_be_made_by(maker) and (self.email is None or self.email.key == email.key)

    def rests_on(self, user_id: UserId, email: Email, role: Role | None) -> bool:
        """Tell whether the invitation ends when this person's role becomes ``role``, None for no role at all.

        It ends where the person made it and could not make it any more, and where it is bound to the person: neither
        a lost right to invite nor a lost role comes back through an invitation made before.
        """
        is_bound = self.email is not None and self.email.key == email.key
        return is_bound or (self.created_by == user_id and not self._could_be_made_by(role))

    def _could_be_made_by(self, role: Role | None) -> bool:
        return role is not None and Permission.MANAGE_SPACE in GRANTS[role] and not self.role.is_above(role)

    def close(self, *, at: datetime) -> Self:
        """Close it: it was used or taken back, or ends with a right of its maker."""
        return replace(self, closed_at=not_before(self.created_at, at))

    def membership_of(self, user_id: UserId, *, at: datetime) -> Membership:
        """What the invitation gives."""
        return Membership(space_id=self.space_id, user_id=user_id, role=self.role, joined_at=at)
