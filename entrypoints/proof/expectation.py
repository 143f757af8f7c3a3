"""What must come of each call: derived from the permission table and from who the caller is in the space."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from domain.access import GRANTS
from entrypoints.proof.callers import ORGANIZATIONS, Caller, Place, role_in
from entrypoints.proof.operations import Operation
from entrypoints.proof.rules import Case, Kind, Rule

_OWN, _PERSONAL, _SHARED, _ELSEWHERE = Place.OWN, Place.PERSONAL, Place.ORGANIZATION, Place.ELSEWHERE


@dataclass(frozen=True, slots=True)
class Way:
    """The space that a request names, and the one that the item lies in, if there is an item."""

    named: Place
    item_in: Place | None = None

    def __str__(self) -> str:
        astray = self.item_in is not None and self.item_in is not self.named
        return f"{self.named}, item in {self.item_in}" if astray else str(self.named)

    def reaches_item(self, caller: Caller) -> bool:
        """Whether the item, if there is one, lies in the space that is named. The owner's space is their own."""
        same = {_OWN: _PERSONAL} if caller is Caller.OWNER else {}
        return self.item_in is None or same.get(self.named, self.named) is same.get(self.item_in, self.item_in)


_BY_TOKEN: Final = (Way(_OWN),)
_BY_TOKEN_TO_ITEM: Final = (Way(_OWN, _PERSONAL), Way(_OWN, _SHARED))
_BY_ID: Final = (Way(_OWN), Way(_PERSONAL), Way(_SHARED))
_BY_ID_TO_ITEM: Final = (
    Way(_PERSONAL, _PERSONAL),
    Way(_SHARED, _SHARED),
    Way(_OWN, _PERSONAL),
    Way(_OWN, _SHARED),
    Way(_SHARED, _PERSONAL),
    Way(_PERSONAL, _SHARED),
)
_TO_ORGANIZATION: Final = (Way(_SHARED), Way(_ELSEWHERE), Way(_PERSONAL), Way(_OWN))
_TO_ITEM_OF_ORGANIZATION: Final = (
    Way(_SHARED, _SHARED),
    Way(_ELSEWHERE, _SHARED),
    Way(_SHARED, _ELSEWHERE),
    Way(_PERSONAL, _SHARED),
    Way(_OWN, _SHARED),
)
_TO_ITEM_OF_ACCOUNT: Final = (Way(_OWN, _OWN), Way(_OWN, _PERSONAL))
_TO_ACCOUNT: Final = (Way(_OWN, _SHARED),)


def ways(operation: Operation, rule: Rule) -> tuple[Way, ...]:
    """Every way in that is tried: to the right space, to a wrong one, and past a right one to a foreign item."""
    if rule.kind is Kind.ORGANIZATION:
        return _TO_ITEM_OF_ORGANIZATION if operation.names_item else _TO_ORGANIZATION
    if rule.kind is Kind.ACCOUNT and operation.names_item:
        return _TO_ITEM_OF_ACCOUNT
    if rule.kind is not Kind.ITEM:
        return _TO_ACCOUNT if operation.names_item else _BY_TOKEN
    if operation.names_space:
        return _BY_ID_TO_ITEM if operation.names_item else _BY_ID
    return _BY_TOKEN_TO_ITEM if operation.names_item else _BY_TOKEN


def tries(operation: Operation, rule: Rule) -> list[tuple[Case, Way]]:
    """Each way in; the other cases of a rule only where roles differ and nothing else does."""
    found = [(rule.case, way) for way in ways(operation, rule)]
    shared = [way for way in ways(operation, rule) if way.named is _SHARED and way.item_in in {None, _SHARED}]
    return found + [(case, way) for case in rule.also for way in shared]


def expected_status(rule: Rule, case: Case, way: Way, caller: Caller) -> int:
    """The status, in the contract's order: who it is, the space, the role, the item."""
    if rule.kind is Kind.PUBLIC:
        return rule.success
    if not caller.is_signed_in:
        return HTTPStatus.UNAUTHORIZED
    if rule.kind is Kind.ADMINISTRATION:
        return rule.success if caller is Caller.ADMINISTRATOR else HTTPStatus.FORBIDDEN
    if rule.kind is Kind.ACCOUNT:
        return rule.success if way.reaches_item(caller) else HTTPStatus.NOT_FOUND
    return _status_in_space(rule, case, way, caller)


def _status_in_space(rule: Rule, case: Case, way: Way, caller: Caller) -> int:
    role = role_in(way.named, caller)
    if role is None or (rule.kind is Kind.ORGANIZATION and way.named not in ORGANIZATIONS):
        return HTTPStatus.FORBIDDEN
    found = way.reaches_item(caller)
    needed = case.permission if found else case.unseen or case.permission
    if needed not in GRANTS[role]:
        return HTTPStatus.FORBIDDEN
    return rule.success if found else rule.absent
