"""The statements that may do without the space, since something else says whose rows they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ClauseElement

from adapters.sql.tables import (
    FOR_ADMINISTRATORS,
    IS_REMOVED,
    departures,
    memberships,
    replies,
    spaces,
    unsealed_events,
)
from adapters.sql.types import Id, Moment


@dataclass(frozen=True)
class Trusted:
    """The condition that stands in for the space of a table, and why it may."""

    instead: Mapping[str, ClauseElement]
    because: str


_SIGN_INS: Final = Trusted(
    {"audit_events": FOR_ADMINISTRATORS},
    "administrators read of all logs what happened at the doors; the use case asks for their role",
)

EXCEPTIONS: Final[Mapping[str, Trusted]] = {
    "organizations._BELONGINGS": Trusted(
        {"memberships": memberships.c.user_id == bindparam("user_id")},
        "one's own memberships tell which organisations one is in",
    ),
    "organizations._ROLES": Trusted(
        {"memberships": memberships.c.user_id == bindparam("user_id")},
        "one's own memberships tell what one is in which organisation",
    ),
    "organizations._SHARED": Trusted(
        {"memberships": memberships.c.user_id == bindparam("user_id")},
        "a person is an acquaintance who is in one of the actor's own organisations; only that is told",
    ),
    **{
        f"organizations._FIND_BELONGINGS.{part}": Trusted(
            {"memberships": memberships.c.user_id == bindparam("user_id")},
            "one's own memberships tell which organisations one is in",
        )
        for part in ("beginning", "behind")
    },
    **{
        f"organizations._COUNT_BELONGINGS({owned})": Trusted(
            {"memberships": memberships.c.user_id == bindparam("user_id")},
            "one's own memberships tell how many organisations one is in",
        )
        for owned in (False, True)
    },
    "retention._BEHIND": Trusted(
        {"spaces": spaces.c.space_id > bindparam("after", type_=Id)},
        "the service looks at the trash of every space in turn; only the ids of spaces are told, and only to itself",
    ),
    "removal._REMOVED": Trusted(
        {"spaces": IS_REMOVED},
        "the service removes what is in spaces that are gone; only their ids are told, and only to itself",
    ),
    "removal._DEPARTED_FROM": Trusted(
        {"departures": departures.c.space_id > bindparam("after", type_=Id)},
        "the service looks in turn where people have left for good; only the spaces are told, and only to itself",
    ),
    "leftovers._WITH_EXPIRED": Trusted(
        {"replies": replies.c.expires_at <= bindparam("by", type_=Moment)},
        "the service sweeps what has expired, whoever's it is; only the spaces are told, and only to itself",
    ),
    "audit._NEXT_UNSEALED": Trusted(
        {"unsealed_events": unsealed_events.c.event_id < bindparam("before", type_=Id)},
        "the service seals what was left anywhere; only the spaces are told, and only to itself",
    ),
    "audit._find(FOR_ADMINISTRATORS, no filter)": _SIGN_INS,
    "audit._find(FOR_ADMINISTRATORS, every filter)": _SIGN_INS,
}
"""By the name of the statement."""
