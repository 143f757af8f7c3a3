"""Looks after what the owner and the organisation have, through the owners' own eyes."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.cast import Cast
from entrypoints.proof.comparisons import Impression, impression
from entrypoints.proof.operations import Operation
from entrypoints.proof.rules import Kind, Rule


def is_harmless(attempt: Attempt) -> bool:
    """Whether nothing may come of it in the owner's space and in the organisation."""
    if not attempt.succeeds or attempt.operation.is_safe:
        return True
    return attempt.rule.kind is Kind.ITEM and attempt.way.named is Place.OWN and attempt.caller is not Caller.OWNER


@dataclass(frozen=True, slots=True)
class View:
    """What the owner of a space sees at a path, or the one who is trying something, in their own."""

    place: Place
    path: str
    reader: Caller = Caller.OWNER


class Watch:
    """Reads what the owners have, before and after."""

    def __init__(self, operations: Collection[Operation], rules: Mapping[str, Rule], cast: Cast) -> None:
        self._cast = cast
        self._seen: dict[View, Impression] = {}
        readings = [o for o in operations if o.method == "GET" and not rules[o.id].is_log]
        self._at = {o.path: o for o in readings if o.names_space}
        self._lists = [View(place, path) for o in readings for place, path in self._places(o, rules[o.id])]

    def lists(self) -> list[View]:
        """Every list that the owner and the organisation have."""
        return self._lists

    def nearest(self, attempt: Attempt, item_id: str) -> list[View]:
        """What an attempt aims at: the item, or the list that it is in."""
        place = attempt.way.item_in or attempt.way.named
        if place not in {Place.PERSONAL, Place.ORGANIZATION}:
            return []
        reading = self._reading(attempt)
        return [View(place, reading.at(self._cast.space_id(place, Caller.OWNER), item_id))] if reading else []

    def own(self, attempt: Attempt) -> list[View]:
        """What the caller has where an attempt is made: in their own space, or in an organisation of theirs."""
        reading, caller, place = self._reading(attempt), attempt.caller, attempt.way.named
        return [View(place, reading.at(self._cast.space_id(place, caller)), caller)] if reading else []

    def _reading(self, attempt: Attempt) -> Operation | None:
        """What shows what an attempt aims at, or the list that it is in."""
        readings = (self._at.get(path) for path in attempt.operation.paths_upwards())
        return next((found for found in readings if found is not None), None)

    async def remember(self, views: Collection[View]) -> None:
        """Take a look before something is tried."""
        for view in views:
            if view not in self._seen:
                self._seen[view] = await self._look(view)

    async def damage(self, views: Collection[View]) -> list[str]:
        """Look again, and tell what is not what it was."""
        found: list[str] = []
        for view in views:
            now = await self._look(view)
            if now != self._seen[view]:
                found.append(f"{view.path} is not what it was")
            self._seen[view] = now
        return found

    def forget(self) -> None:
        """Something may change for good reason."""
        self._seen.clear()

    async def _look(self, view: View) -> Impression:
        reader = self._cast.steward if view.place is Place.ORGANIZATION else self._cast.people[view.reader]
        return impression(await self._cast.deployment.send_as(reader, "GET", view.path))

    def _places(self, operation: Operation, rule: Rule) -> Iterator[tuple[Place, str]]:
        """Whose list an operation reads, if it is one of those that are watched."""
        if operation.names_item:
            return
        if rule.kind is Kind.ACCOUNT or (rule.kind is Kind.ITEM and not operation.names_space):
            yield Place.PERSONAL, operation.at(self._cast.owner.id)
        elif rule.kind in {Kind.ITEM, Kind.ORGANIZATION}:
            yield Place.ORGANIZATION, operation.at(self._cast.organizations[Place.ORGANIZATION])
