"""The statements that reach beyond one space or one person, since that is what they are for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Allowed:
    """What a statement may read too much of, and why."""

    faults: frozenset[str]
    because: str


_SIGN_INS: Final = Allowed(
    frozenset({"reads rows of audit_events in every space", "reads the whole of audit_events, through an index"}),
    "administrators read of all logs what happened at the doors: the newest first, in the order of an index of these",
)
_ALL_ACCOUNTS: Final = Allowed(
    frozenset({"reads the whole of users", "reads the whole of users, through an index"}),
    "administrators are told how many accounts there are in all, and search in the middle of names and addresses",
)

EXCEPTIONS: Final[Mapping[str, Allowed]] = {
    "audit._find(FOR_ADMINISTRATORS, no filter)": _SIGN_INS,
    "audit._find(FOR_ADMINISTRATORS, every filter)": _SIGN_INS,
    "leftovers._WITH_EXPIRED": Allowed(
        frozenset({"reads rows of replies in every space"}),
        "what has expired is swept for everybody, and only found so: it is removed space by space",
    ),
    "users._ADMINISTRATORS": Allowed(
        frozenset({"reads the whole of users, through an index"}),
        "the index holds administrators and nobody else",
    ),
    **{
        f"users._find(by_text={by_text}).{part}": _ALL_ACCOUNTS
        for by_text in (False, True)
        for part in ("page", "beginning", "behind")
    },
}
"""By the name of the statement."""
