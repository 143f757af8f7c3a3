"""Who may do what in a space: the ownership rules, as one table and a few pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.audit import Source
from domain.errors import RoleTooLow, SpaceForbidden
from domain.ids import SessionId, SpaceId, UserId, personal_space, read_id


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from, as far as it is known: for the log alone, nothing is decided by it."""

    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    source: Source = Source.USER


NOWHERE: Final = Origin()
COMMAND_LINE: Final = Origin(source=Source.OPERATOR)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who proved who they are, and in which session. Only ``application.authentication`` makes one."""

    user_id: UserId
    session_id: SessionId
    origin: Origin = field(default=NOWHERE, compare=False)


class Role(StrEnum):
    """What somebody is in a space. In their personal space everybody is the owner."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    def is_above(self, other: "Role") -> bool:
        """Tell whether this role may do more than the other."""
        return GRANTS[self] > GRANTS[other]


class Permission(StrEnum):
    """What can be allowed in a space."""

    READ_ITEMS = "read items"
    EDIT_ITEMS = "create, change and complete items"
    DELETE_ANY_ITEM = "delete items that others made, purge, delete by filter"
    READ_SPACE = "read the space's settings and members"
    MANAGE_SPACE = "write the space's settings, manage its members and invitations, read its audit log"
    OWN_SPACE = "delete the organisation, name its owners"


_VIEWER: Final = frozenset({Permission.READ_ITEMS, Permission.READ_SPACE})
_MEMBER: Final = _VIEWER | {Permission.EDIT_ITEMS}
_ADMIN: Final = _MEMBER | {Permission.DELETE_ANY_ITEM, Permission.MANAGE_SPACE}
_OWNER: Final = _ADMIN | {Permission.OWN_SPACE}

GRANTS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {Role.VIEWER: _VIEWER, Role.MEMBER: _MEMBER, Role.ADMIN: _ADMIN, Role.OWNER: _OWNER},
)
"""The permission table: what each role allows."""


@dataclass(frozen=True, slots=True)
class Access:
    """One person's way into one space, with the role read when the space was opened."""

    user_id: UserId
    space_id: SpaceId
    role: Role

    def may(self, permission: Permission) -> bool:
        """Tell whether the role allows this."""
        return permission in GRANTS[self.role]

    def require(self, permission: Permission) -> None:
        """Raise RoleTooLow unless the role allows this."""
        if not self.may(permission):
            raise RoleTooLow

    def require_deletion_of_item_by(self, maker: UserId) -> None:
        """Raise RoleTooLow unless the person may delete an item that ``maker`` made.

        Whoever may edit may delete what they made themselves; others' items need more.
        """
        own = maker == self.user_id
        self.require(Permission.EDIT_ITEMS if own else Permission.DELETE_ANY_ITEM)


@dataclass(frozen=True, slots=True)
class Relation:
    """What somebody is to a space: their role, if they have one, and whether it is an acquaintance's own space.

    Acquaintances are people who share an organisation.
    """

    role: Role | None
    is_acquaintances: bool

    @property
    def may_look(self) -> bool:
        """Whether they may be told what is there. To give something to an acquaintance is no reason to."""
        return self.role is not None

    @property
    def may_give(self) -> bool:
        """Whether things may be moved there."""
        if self.role is not None:
            return Permission.EDIT_ITEMS in GRANTS[self.role]
        return self.is_acquaintances


def space_named(actor: Actor, owner_id: str | None) -> SpaceId:
    """The space that a caller names: their personal one unless they name another. It may not exist."""
    return personal_space(actor.user_id) if owner_id is None else SpaceId(read_id(owner_id))


def admit(actor: Actor, space_id: SpaceId, role: Role | None) -> Access:
    """Let the actor in with the role they have there. Raises SpaceForbidden for somebody who has none."""
    if role is None:
        raise SpaceForbidden
    return Access(user_id=actor.user_id, space_id=space_id, role=role)
