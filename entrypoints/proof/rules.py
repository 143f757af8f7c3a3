"""What a rule says: what kind of operation it is about, what is needed to use it, and how to call it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus

from domain.access import Permission
from entrypoints.proof.operations import Operation
from entrypoints.proof.scene import Body, Item, Query


class Kind(Enum):
    """What an operation is about."""

    PUBLIC = auto()
    """Anyone may: no token is looked at."""
    ACCOUNT = auto()
    """The caller's own account: everybody who is signed in may."""
    ITEM = auto()
    """Things in a space, be it a person's or an organisation's."""
    ORGANIZATION = auto()
    """An organisation itself."""
    ADMINISTRATION = auto()
    """All accounts: administrators may."""


class UsedUp(Enum):
    """What is gone once an operation has succeeded; the caller gets one for this occasion."""

    NOTHING = auto()
    SESSION = auto()
    ALL_SESSIONS = auto()
    ACCOUNT = auto()
    ORGANIZATION = auto()


@dataclass(frozen=True, slots=True)
class Case:
    """One way of using an operation."""

    permission: Permission | None = None
    """What the caller needs in the space."""
    item: Item | None = None
    """What the path names besides the space."""
    body: Body | None = None
    name: str = ""
    """Said where there are several cases."""
    unseen: Permission | None = None
    """What is needed as long as the item has not been looked at, where that is less."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field of the body that names others, and the answer to one that is out of the caller's reach."""

    field: str
    refusal: int
    item: Item | None = None
    """What is in the list that the field is, beside what is the caller's; without one it names a person or a space."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one operation. Who may use it follows from the permission table."""

    kind: Kind
    success: int
    case: Case = Case()
    also: tuple[Case, ...] = ()
    """Other ways of using it, which need something else."""
    uses_up: UsedUp = UsedUp.NOTHING
    refers: Reference | None = None
    absent: int = HTTPStatus.NOT_FOUND
    """What comes of it where the item is not in the space: an operation may make it."""
    query: Query | None = None
    """What is put behind the path of an operation on whatever fits it: it fits one thing in the space."""
    confirmation: Query | None = None
    """What is put behind the path to say that the operation is meant."""
    is_log: bool = False
    """Whether the answer tells what the caller did: the ids that they sent are in it, and it grows by itself."""


def under_both_prefixes(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of a resource that is reached with and without naming the space."""
    return {**rules, **{f"{operation_id}_of_owner": rule for operation_id, rule in rules.items()}}


def gaps(operations: Sequence[Operation], rules: Mapping[str, Rule]) -> dict[str, str]:
    """The operations that no rule knows, and the rules without an operation; each with what is wrong."""
    offered = {operation.id: operation for operation in operations}
    found = {name: f"no rule knows this operation: {offered[name]}" for name in offered.keys() - rules.keys()}
    found |= dict.fromkeys(rules.keys() - offered.keys(), "there is a rule, but no such operation")
    for name in offered.keys() & rules.keys():
        misfit = _misfit(offered[name], rules[name])
        if misfit:
            found[name] = misfit
    return dict(sorted(found.items()))


def _misfit(operation: Operation, rule: Rule) -> str:
    cases = (rule.case, *rule.also)
    if any((case.body is not None) != operation.takes_body for case in cases):
        return "the rule and the operation disagree on whether there is a body"
    if any((case.item is not None) != operation.names_item for case in cases):
        return "the rule and the operation disagree on whether the path names an item"
    if rule.kind is Kind.ORGANIZATION and not operation.names_space:
        return "the rule is about an organisation, and the path names none"
    if rule.kind in {Kind.ITEM, Kind.ORGANIZATION} and any(case.permission is None for case in cases):
        return "the rule does not say which permission is needed"
    return ""
