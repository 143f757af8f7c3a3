"""Where attempts are made, one after the other: what each needs is put there before, and cleared away after."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from entrypoints.proof.attempts import Attempt
from entrypoints.proof.callers import Caller, Place
from entrypoints.proof.cast import Cast
from entrypoints.proof.deployment import Json, Person
from entrypoints.proof.operations import Operation
from entrypoints.proof.results import Result
from entrypoints.proof.rules import Kind, Rule, UsedUp
from entrypoints.proof.scene import Item, Query, Scene
from entrypoints.proof.watch import View, Watch, is_harmless

_CLAIM: Final = "nothing in the space has changed"


@dataclass(frozen=True, slots=True)
class Aim:
    """What something is tried on: the item that the path names, or what finds it."""

    item_id: str = ""
    query: str = ""

    def path(self, operation: Operation, space_id: str) -> str:
        """Where the request goes."""
        return operation.at(space_id, self.item_id) + self.query


@dataclass
class Stage:
    """Everybody, what they try things on, and the watch over what must stay as it is."""

    cast: Cast
    watch: Watch
    _items: dict[tuple[Item, Place, Caller | None], str] = field(default_factory=dict)
    _queries: dict[tuple[Query, Place, Caller | None], str] = field(default_factory=dict)

    async def plant(self, rules: Mapping[str, Rule]) -> None:
        """Have the owner and the organisation own one more of everything."""
        places = {Kind.ITEM: (Place.PERSONAL, Place.ORGANIZATION), Kind.ORGANIZATION: (Place.ORGANIZATION,)}
        meant = [(rule.kind, rule.case.item) for rule in rules.values()]
        meant += [(rule.kind, rule.refers.item) for rule in rules.values() if rule.refers is not None]
        for item, place in {(item, place) for kind, item in meant for place in places.get(kind, ())}:
            if item is not None and item.is_lasting:
                await item.make(Scene(self.cast, Caller.OWNER, place))
        self.watch.forget()

    async def play(self, attempts: Sequence[Attempt]) -> AsyncIterator[Result]:
        """Let everybody try one thing: first those who may leave no mark, then the others. Raises CannotRun."""
        for attempt in attempts:
            if attempt.caller in self.cast.absent:
                yield attempt.result(None, [self.cast.absent[attempt.caller]])
        present = [attempt for attempt in attempts if attempt.caller not in self.cast.absent]
        harmless = [attempt for attempt in present if is_harmless(attempt)]
        async for result in self._watched(harmless):
            yield result
        for attempt in present:
            if attempt not in harmless:
                yield await self._try(attempt, await self.aim(attempt), [])

    async def _watched(self, attempts: Sequence[Attempt]) -> AsyncIterator[Result]:
        """Look at what is aimed at after each attempt, and at everything after the last."""
        aims = [await self.aim(attempt) for attempt in attempts]
        changing = [attempt for attempt in attempts if not attempt.operation.is_safe]
        everything = self.watch.lists() if changing else []
        await self.watch.remember(everything)
        for attempt, aim in zip(attempts, aims, strict=True):
            nearest = self.watch.nearest(attempt, aim.item_id) if attempt in changing else []
            yield await self._try(attempt, aim, nearest)
        if changing:
            yield _summary(changing[-1], await self.watch.damage(everything))

    async def _try(self, attempt: Attempt, aim: Aim, views: Sequence[View]) -> Result:
        person, space_id = await self._equip(attempt)
        body = await self.body(attempt, person)
        await self.watch.remember(views)
        operation = attempt.operation
        if attempt.rule.confirmation is not None and attempt.rule.uses_up is UsedUp.ORGANIZATION and attempt.succeeds:
            scene = Scene(self.cast, attempt.caller, attempt.way.named, founded=space_id)
            aim = replace(aim, query=await attempt.rule.confirmation(scene))
        answer = await self.cast.deployment.send_as(person, operation.method, aim.path(operation, space_id), body)
        wrong = [*attempt.faults(answer, body, self.cast), *await self.watch.damage(views)]
        if answer.is_success and not operation.is_safe:
            await self._tidy(attempt)
            if attempt.rule.uses_up is UsedUp.ACCOUNT and person is not None:
                self.cast.deployment.people.remove(person)
        return attempt.result(answer.status_code, wrong)

    async def aim(self, attempt: Attempt) -> Aim:
        """What it is tried on, put there unless it is there already."""
        return Aim(await self.item(attempt), await self._query(attempt))

    async def item(self, attempt: Attempt) -> str:
        """An item to try it on: one that is there already, if nothing has happened to it."""
        item, place = attempt.case.item, attempt.way.item_in
        return "" if item is None or place is None else await self.lying_in(place, item, attempt.caller)

    async def lying_in(self, place: Place, item: Item, caller: Caller = Caller.OWNER) -> str:
        """An item in a space."""
        key = (item, place, caller if item.is_callers or place is Place.OWN else None)
        if key not in self._items or not item.is_lasting:
            self.watch.forget()
            self._items[key] = await item.make(Scene(self.cast, caller, place))
        return self._items[key]

    async def _query(self, attempt: Attempt) -> str:
        """What finds something in the space that is named."""
        query, place = attempt.rule.query, attempt.way.named
        if attempt.rule.confirmation is not None:
            return await attempt.rule.confirmation(Scene(self.cast, attempt.caller, place))
        if query is None:
            return ""
        key = (query, place, attempt.caller if place is Place.OWN else None)
        if key not in self._queries:
            self.watch.forget()
            self._queries[key] = await query(Scene(self.cast, attempt.caller, place))
        return self._queries[key]

    async def body(self, attempt: Attempt, stand_in: Person | None = None) -> Json | None:
        """A body in which nothing is wrong."""
        if attempt.case.body is None:
            return None
        return await attempt.case.body(Scene(self.cast, attempt.caller, attempt.way.named, stand_in))

    async def _equip(self, attempt: Attempt) -> tuple[Person | None, str]:
        """Who really calls, and on which space: for what is used up, one that nobody misses."""
        person, space_id = self.cast.people.get(attempt.caller), self.cast.space_id(attempt.way.named, attempt.caller)
        if person is None or not attempt.succeeds:
            return person, space_id
        deployment = self.cast.deployment
        match attempt.rule.uses_up:
            case UsedUp.SESSION:
                person = await deployment.sign_in_again(person)
            case UsedUp.ACCOUNT | UsedUp.ALL_SESSIONS:
                person = await deployment.register()
            case UsedUp.ORGANIZATION:
                self.watch.forget()
                space_id = await self.cast.found(person)
        return person, space_id

    async def _tidy(self, attempt: Attempt) -> None:
        """Put right what a success has done, and use nothing again that it was done to."""
        if not is_harmless(attempt):
            self.watch.forget()
        self._items = {key: kept for key, kept in self._items.items() if key[0] is not attempt.case.item}
        self._queries = {key: kept for key, kept in self._queries.items() if key[0] is not attempt.rule.query}
        if attempt.case.item is not None and attempt.way.item_in is not None:
            await attempt.case.item.undo(Scene(self.cast, attempt.caller, attempt.way.item_in))


def _summary(last: Attempt, damage: Sequence[str]) -> Result:
    return Result(
        operation=last.operation.id,
        caller="everybody",
        space=str(last.way),
        case=_CLAIM,
        ok=not damage,
        reason="; ".join(damage),
    )
