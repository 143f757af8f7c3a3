"""Ids that are none: empty ones, dot segments and slashes, with which a tolerant path names more than one thing."""

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.deployment import Json
from entrypoints.proof.expectation import Way
from entrypoints.proof.operations import Operation
from entrypoints.proof.probes import INSIDER, Probe, Request
from entrypoints.proof.rules import Rule
from entrypoints.proof.stage import Stage

_STRAY: Final = ("", ".", "..", "%2E", "%2E%2E", "%2F", "/")
_CLAIM: Final = "an id that is none leads nowhere"


async def stray_ids(
    stage: Stage, operation: Operation, operations: Sequence[Operation], rules: Mapping[str, Rule]
) -> list[Probe]:
    """Each of them in the place of each id in the path, from a caller who may do everything and without a token."""
    if not operation.parameters:
        return []
    rule = rules[operation.id]
    caller, place = INSIDER.get(rule.kind, (Caller.STRANGER, Place.OWN))
    way = Way(place, place if operation.names_item else None)
    inside, outside = (Attempt(operation, rule, rule.case, way, one) for one in (caller, Caller.NO_TOKEN))
    if caller in stage.cast.absent:
        return [Probe(inside, _CLAIM, HTTPStatus.NOT_FOUND, [])]
    query = await _query(stage, inside, operations, rules)
    item_id, body = await stage.item(inside), await stage.body(inside)
    stage.watch.forget()  # What the body names may have been made for it.
    requests = list(_requests(operation, (stage.cast.space_id(place, caller), item_id), query, body))
    views = [] if operation.is_safe else stage.watch.own(inside)
    return [
        Probe(inside, _CLAIM, HTTPStatus.NOT_FOUND, requests, views=views),
        Probe(outside, _CLAIM, HTTPStatus.UNAUTHORIZED, requests),
    ]


def _requests(operation: Operation, ids: tuple[str, str], query: str, body: Json | None) -> Iterator[Request]:
    for name in operation.parameters:
        for text in _STRAY:
            # To read with a slash at the end is to read the list.
            if text or not operation.is_safe or not operation.path.endswith(f"{{{name}}}"):
                path = operation.spelled(*ids, name, text) + query
                yield Request(f"'{text}' for {name}", path, body, exactly=True)


async def _query(stage: Stage, attempt: Attempt, operations: Sequence[Operation], rules: Mapping[str, Rule]) -> str:
    """What the operation on all things takes, if there is one: so a service that is tolerant deletes ours only."""
    above = attempt.operation.path.rpartition("/")[0]
    for wider in operations:
        if (wider.method, wider.path) == (attempt.operation.method, above):
            rule = rules[wider.id]
            return (await stage.aim(Attempt(wider, rule, rule.case, Way(attempt.way.named), attempt.caller))).query
    return ""
