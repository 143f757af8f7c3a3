"""Verifying logs: what one look covers, and where the next one goes on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryAuditLog
from adapters.memory.long_work import MemoryLongWork
from adapters.memory.store import MemoryStore
from adapters.system.clock import SetClock
from application.ports.audit import AuditLog
from application.sealing import SealLog
from application.verifying import InspectLog, Look, Looks
from domain.audit import AuditEvent
from domain.ids import EventId, SpaceId
from domain.seals import Seal, Verdict
from domain.shares import SERVICE, ShareKey
from tests.unit.application.log_builders import ELSEWHERE, SOMEWHERE, a_log, an_event
from tests.unit.application.organizations_builders import NOON

AWHILE = timedelta(minutes=10)
TICK = timedelta(microseconds=1)

pytestmark = pytest.mark.usefixtures("few_at_once")


class Interrupted(Exception):
    """The look was given up."""


class Counting(MemoryLongWork):
    """Tells how often others were let in, and how many turns were taken."""

    def __init__(self) -> None:
        self.let_in = 0
        self.turns = 0
        self.shares: set[ShareKey] = set()

    async def let_others(self) -> None:
        self.let_in += 1

    @asynccontextmanager
    async def turn(self, share: ShareKey = SERVICE) -> AsyncIterator[None]:
        self.turns += 1
        self.shares.add(share)
        yield


class Place:
    """A store with a log, and a process that looks it over."""

    def __init__(self, length: int) -> None:
        self.store, self.clock, self.work = MemoryStore(), SetClock(NOON), Counting()
        self.read: list[int] = []
        self.shares: set[ShareKey] = set()
        self.give_up_at: int | None = None
        self.length = length
        self.inspect = InspectLog(self.open_log, SealLog(self.open_log), self.work, self.clock)

    @asynccontextmanager
    async def open_log(
        self, space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AsyncIterator[AuditLog]:
        place = self
        place.shares.add(share)

        class Watched(MemoryAuditLog):
            async def chain(self, after: int, limit: int) -> list[tuple[Seal, AuditEvent | None]]:
                if place.give_up_at is not None and after >= place.give_up_at:
                    raise Interrupted
                found = await super().chain(after, limit)
                place.read += [seal.position for seal, _ in found]
                return found

        async with self.store.begin(read_only=read_only) as contents:
            yield Watched(contents, space_id)

    async def look(self, **more: Any) -> tuple[Verdict, list[int]]:
        """The verdict, and the positions that were read for it."""
        self.read.clear()
        verdict = await self.inspect(SOMEWHERE, **more)
        return verdict, list(self.read)

    async def grow(self, number: int) -> None:
        await a_log(self.store, *(an_event(self.length + more) for more in range(number)))
        self.length += number

    async def touch(self, position: int) -> EventId:
        """Change the event at a position, behind the back of the service."""
        async with self.store.begin(read_only=False) as contents:
            event_id = contents.audit_seals[SOMEWHERE, position].event_id
            event = contents.audit_events[SOMEWHERE, event_id]
            contents.audit_events[SOMEWHERE, event_id] = replace(event, user_agent="another")
        return event_id


@pytest.fixture
async def place() -> Place:
    place = Place(0)
    await place.grow(10)
    return place


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 6, 7, 20])
async def test_a_look_covers_the_whole_log(length: int) -> None:
    place = Place(0)
    await place.grow(length)
    assert await place.look() == (Verdict(length), list(range(1, length + 1)))


async def test_all_of_a_look_is_on_the_account_of_the_one_who_began_it(place: Place) -> None:
    await place.look(share="ann")
    assert (place.work.shares, place.shares) == ({"ann"}, {"ann"})
    await place.look()
    assert (place.work.shares, place.shares) == ({"ann", SERVICE}, {"ann", SERVICE})


async def test_a_repeated_look_checks_the_last_seal_and_what_is_behind_it(place: Place) -> None:
    await place.look()
    assert await place.look() == (Verdict(10), [10])
    await place.grow(2)
    assert await place.look() == (Verdict(12), [10, 11, 12])


async def test_after_ten_minutes_a_look_begins_anew_however_often_it_was_repeated(place: Place) -> None:
    await place.look()
    for _ in range(2):
        place.clock.advance(AWHILE / 2 - TICK)
        assert await place.look() == (Verdict(10), [10])
    place.clock.advance(2 * TICK)
    assert await place.look() == (Verdict(10), list(range(1, 11)))


async def test_what_was_touched_in_what_was_verified_is_found_when_the_look_begins_anew(place: Place) -> None:
    await place.look()
    touched = await place.touch(4)
    assert (await place.look())[0] == Verdict(10)
    place.clock.advance(AWHILE)
    assert (await place.look())[0] == Verdict(3, touched)


async def test_what_is_touched_behind_what_was_verified_is_found_at_once(place: Place) -> None:
    await place.look()
    await place.grow(3)
    await SealLog(place.open_log)(SOMEWHERE)
    touched = await place.touch(12)
    assert (await place.look())[0] == Verdict(11, touched)
    assert await place.look() == (Verdict(11, touched), [11, 12, 13])


@pytest.mark.parametrize("is_removed", [True, False])
async def test_where_the_last_seal_is_not_what_it_was_a_look_begins_anew(place: Place, *, is_removed: bool) -> None:
    await place.look()
    async with place.store.begin(read_only=False) as contents:
        last = contents.audit_seals.pop((SOMEWHERE, 10))
        del contents.audit_events[SOMEWHERE, last.event_id]
        if not is_removed:
            contents.audit_seals[SOMEWHERE, 10] = replace(last, digest=bytes(32))
    verdict, read = await place.look()
    assert read[-9:] == list(range(2, 11)) if not is_removed else read == list(range(1, 10))
    assert verdict == (Verdict(9) if is_removed else Verdict(9, last.event_id))


async def test_a_broken_log_is_looked_over_anew_after_ten_minutes(place: Place) -> None:
    await SealLog(place.open_log)(SOMEWHERE)
    touched = await place.touch(8)
    assert (await place.look())[0] == Verdict(7, touched)
    earlier = await place.touch(2)
    place.clock.advance(AWHILE - TICK)
    assert (await place.look())[0] == Verdict(7, touched)
    place.clock.advance(TICK)
    assert (await place.look())[0] == Verdict(1, earlier)


async def test_a_look_that_was_given_up_is_resumed_where_its_last_turn_ended(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.verifying._STRETCH", 3)
    place.give_up_at = 6
    with pytest.raises(Interrupted):
        await place.look()
    place.give_up_at = None
    place.clock.advance(AWHILE - TICK)
    assert await place.look() == (Verdict(10), [6, 7, 8, 9, 10])
    place.clock.advance(AWHILE - TICK)
    assert (await place.look())[1] == [10]
    place.clock.advance(TICK)
    assert (await place.look())[1] == list(range(1, 11))


async def test_a_look_takes_turns_and_lets_others_in_between(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.verifying._STRETCH", 6)
    await SealLog(place.open_log)(SOMEWHERE)
    told: list[int] = []
    await place.look(on_progress=told.append)
    assert told == [6, 10]
    assert (place.work.turns, place.work.let_in) == (3, 3)


async def test_each_log_has_a_look_of_its_own(place: Place) -> None:
    await a_log(place.store, an_event(100, ELSEWHERE))
    await place.look()
    assert await place.inspect(ELSEWHERE) == Verdict(1)
    assert await place.look() == (Verdict(10), [10])


def test_the_look_that_was_used_longest_ago_is_forgotten() -> None:
    looks, good = Looks(most=2), Look(NOON + AWHILE, is_whole=True)
    spaces = [SpaceId(UUID(int=number)) for number in range(3)]
    for space_id in (*spaces[:2], spaces[0], spaces[2]):
        looks.remember(space_id, good)
    assert [looks.recall(space_id, at=NOON) is good for space_id in spaces] == [True, False, True]
