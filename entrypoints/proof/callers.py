"""Who tries, where, and what everybody is there. What may be expected follows from this and the permission table."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.access import Role


class Caller(StrEnum):
    """Everybody who tries every operation."""

    NO_TOKEN = "no token"  # noqa: S105 - the name of a caller
    SIGNED_OUT = "signed out"
    DEACTIVATED = "deactivated user"
    STRANGER = "other user"
    OTHER_ORGANIZATION = "other organisation"
    REMOVED = "removed member"
    ADMINISTRATOR = "administrator"
    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"

    @property
    def is_signed_in(self) -> bool:
        """Whether the service knows who calls."""
        return self not in {Caller.NO_TOKEN, Caller.SIGNED_OUT, Caller.DEACTIVATED}


class Place(StrEnum):
    """The spaces that are tried."""

    OWN = "one's own space"
    PERSONAL = "the owner's personal space"
    ORGANIZATION = "the organisation"
    ELSEWHERE = "another organisation"


ORGANIZATIONS: Final = frozenset({Place.ORGANIZATION, Place.ELSEWHERE})

MEMBERS: Final[Mapping[Caller, Role]] = MappingProxyType(
    {
        Caller.VIEWER: Role.VIEWER,
        Caller.MEMBER: Role.MEMBER,
        Caller.ADMIN: Role.ADMIN,
        Caller.OWNER: Role.OWNER,
    }
)
"""Who is in the organisation, and as what."""

FORMER_MEMBERS: Final = (Caller.SIGNED_OUT, Caller.DEACTIVATED, Caller.REMOVED)
"""Who was in it as an admin."""


def role_in(place: Place, caller: Caller) -> Role | None:
    """What somebody who is signed in is in a space, or None."""
    if place is Place.ORGANIZATION:
        return MEMBERS.get(caller)
    host = {Place.PERSONAL: Caller.OWNER, Place.ELSEWHERE: Caller.OTHER_ORGANIZATION}.get(place, caller)
    return Role.OWNER if caller is host else None
