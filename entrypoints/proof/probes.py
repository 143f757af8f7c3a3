"""Which requests must be refused alike: they differ in an id only."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.comparisons import unused_ids
from entrypoints.proof.deployment import Json
from entrypoints.proof.expectation import Way
from entrypoints.proof.operations import Operation
from entrypoints.proof.rules import Kind, Reference, Rule
from entrypoints.proof.stage import Stage
from entrypoints.proof.watch import View

_OWNER_FIELDS: Final = ("user_id", "owner_id", "tenant_id", "org_id")
_NO_OWNER: Final = "no body names its owner"
_OUTSIDERS: Final = (Caller.NO_TOKEN, Caller.STRANGER, Caller.REMOVED, Caller.ADMINISTRATOR)
_OTHERS: Final = (Place.ORGANIZATION, Place.PERSONAL)
INSIDER: Final = {
    Kind.ORGANIZATION: (Caller.OTHER_ORGANIZATION, Place.ELSEWHERE),
    Kind.ADMINISTRATION: (Caller.ADMINISTRATOR, Place.OWN),
}
"""Who may do everything, and where, for what is not in a space of one's own."""


@dataclass(frozen=True, slots=True)
class Request:
    """One of the requests, and what it is about."""

    about: str
    path: str
    body: Json | None
    exactly: bool = False
    """Whether the path is sent as it is written."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Requests of one caller that must all be refused with the same status, and mostly in the same words."""

    attempt: Attempt
    claim: str
    expected: int
    requests: Sequence[Request]
    in_the_same_words: bool = True
    views: Sequence[View] = ()
    """What of the caller's own must stay as it is, too."""


async def missing_items(stage: Stage, operation: Operation, rule: Rule) -> list[Probe]:
    """Items that are somewhere else or nowhere, in a space where the caller may do everything."""
    if not operation.names_item or rule.absent != HTTPStatus.NOT_FOUND:
        return []
    found = [(Caller.STRANGER, Way(Place.OWN, place)) for place in (Place.PERSONAL, Place.ORGANIZATION)]
    if rule.kind is Kind.ORGANIZATION:
        found = [(Caller.OTHER_ORGANIZATION, Way(Place.ELSEWHERE, Place.ORGANIZATION))]
        found += [(Caller.ADMIN, Way(Place.ORGANIZATION, Place.ELSEWHERE))]
    elif operation.names_space:
        found += [(Caller.ADMIN, Way(Place.ORGANIZATION, Place.PERSONAL))]
    attempts = [Attempt(operation, rule, rule.case, way, caller) for caller, way in found]
    with_items = {Kind.ITEM, Kind.ORGANIZATION, Kind.ACCOUNT}
    return [await _missing_items(stage, attempt) for attempt in attempts if rule.kind in with_items]


async def _missing_items(stage: Stage, attempt: Attempt) -> Probe:
    foreign, body = await stage.item(attempt), await stage.body(attempt)
    space_id = stage.cast.space_id(attempt.way.named, attempt.caller)
    requests = [
        Request(about, attempt.operation.at(space_id, item_id), body)
        for about, item_id in _with_unused("an item of another space", foreign)
    ]
    return Probe(attempt, "foreign and unknown items look the same", HTTPStatus.NOT_FOUND, requests)


async def closed_spaces(stage: Stage, operation: Operation, rule: Rule) -> list[Probe]:
    """Spaces of others and of nobody, with what is in them and what is not."""
    if not operation.names_space:
        return []
    way = Way(Place.ORGANIZATION, Place.ORGANIZATION if operation.names_item else None)
    attempts = [Attempt(operation, rule, rule.case, way, caller) for caller in _OUTSIDERS]
    return [await _closed_spaces(stage, attempt) for attempt in attempts]


async def _closed_spaces(stage: Stage, attempt: Attempt) -> Probe:
    aim, body, cast = await stage.aim(attempt), await stage.body(attempt), stage.cast
    organization_id = cast.organizations[Place.ORGANIZATION]
    spaces = [(str(place), cast.space_id(place, attempt.caller)) for place in (Place.PERSONAL, Place.ELSEWHERE)]
    if attempt.rule.kind is Kind.ORGANIZATION:
        spaces.append((Place.OWN, cast.space_id(Place.OWN, attempt.caller)))
    spaces += _with_unused(Place.ORGANIZATION, organization_id)
    requests = [Request(about, aim.path(attempt.operation, space_id), body) for about, space_id in spaces]
    if aim.item_id:
        missing = attempt.operation.at(organization_id, unused_ids(aim.item_id)[0])
        requests.append(Request("an item that is not there", missing, body))
    return Probe(attempt, "spaces of others and of nobody look the same", attempt.expected, requests)


async def bodies(stage: Stage, operation: Operation, rule: Rule) -> list[Probe]:
    """Bodies that name an owner, and bodies that refer to somebody out of reach."""
    if not operation.takes_body:
        return []
    caller, place = INSIDER.get(rule.kind, (Caller.STRANGER, Place.OWN))
    attempt = Attempt(operation, rule, rule.case, Way(place, place if operation.names_item else None), caller)
    if caller in stage.cast.absent:
        return [Probe(attempt, _NO_OWNER, HTTPStatus.UNPROCESSABLE_ENTITY, [])]
    path = operation.at(stage.cast.space_id(place, caller), await stage.item(attempt))
    body, victim = await stage.body(attempt) or {}, stage.cast.owner.id
    named = [Request(field, path, body | {field: victim}) for field in _OWNER_FIELDS]
    found = [Probe(attempt, _NO_OWNER, HTTPStatus.UNPROCESSABLE_ENTITY, named, in_the_same_words=False)]
    if rule.refers is not None:
        found.append(await _references(stage, attempt, Request("", path, body), rule.refers))
    return found


async def _references(stage: Stage, attempt: Attempt, request: Request, refers: Reference) -> Probe:
    """Ids of others and of nobody; beside one of the caller's own, where there is a list of them."""
    body, claim = request.body or {}, f"{refers.field}: known and unknown ids look the same"
    if refers.item is None:
        ids = [("an organisation", stage.cast.organizations[Place.ORGANIZATION])]
        ids += _with_unused("a person", stage.cast.owner.id)
    else:
        stage.watch.forget()  # What the body names may have been made for it.
        ids = [(f"an item in {place}", await stage.lying_in(place, refers.item)) for place in _OTHERS]
        ids += _with_unused(*ids.pop())
    values = [(about, [*body[refers.field], named] if refers.item else named) for about, named in ids]
    requests = [Request(about, request.path, body | {refers.field: value}) for about, value in values]
    return Probe(attempt, claim, refers.refusal, requests, views=stage.watch.own(attempt))


def _with_unused(about: str, id: str) -> list[tuple[str, str]]:
    return [(about, id), *((f"the id '{unused}'", unused) for unused in unused_ids(id))]
