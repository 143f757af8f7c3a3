"""Sealing what the logs have grown by."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import ClassVar, Final
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryAuditLog, MemoryNextUnsealed, MemoryOpenLog
from adapters.memory.store import Contents, MemoryStore
from adapters.system.clock import SetClock
from application.ports.audit import LAST, AuditLog, SealTaken
from application.recording.scribe import Unsealed
from application.sealing import SealGrownLogs, SealLeftEvents, SealLog
from domain.audit import AuditEvent
from domain.errors import NotAuthenticated, SpaceForbidden, Unavailable
from domain.ids import EventId, SpaceId, first_id_at
from domain.seals import Seal, Verdict
from domain.shares import SERVICE, ShareKey
from tests.unit.application.log_builders import (
    ELSEWHERE,
    SOMEWHERE,
    a_log,
    an_event,
    inspector,
    refused,
    seals_in,
)
from tests.unit.application.organizations_builders import NOON, Office

THIRD: Final = SpaceId(UUID(int=3))


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("length", range(8))
async def test_events_are_sealed_once_and_in_order(length: int) -> None:
    store = MemoryStore()
    events = await a_log(store, *map(an_event, range(length)))
    seal_log = SealLog(MemoryOpenLog(store))
    await seal_log(SOMEWHERE)
    seals = await seals_in(store)
    assert [seal.event_id for seal in seals] == [event.id for event in events]
    assert [seal.position for seal in seals] == list(range(1, length + 1))
    await seal_log(SOMEWHERE)
    assert await seals_in(store) == seals
    assert await inspector(store)(SOMEWHERE) == Verdict(length)


@pytest.mark.usefixtures("few_at_once")
async def test_what_comes_later_is_sealed_behind_what_was_there_even_with_an_earlier_id() -> None:
    store = MemoryStore()
    early, *events = map(an_event, range(5))
    await a_log(store, *events)
    await SealLog(MemoryOpenLog(store))(SOMEWHERE)
    await a_log(store, early)
    assert await inspector(store)(SOMEWHERE) == Verdict(5)
    assert [seal.event_id for seal in await seals_in(store)] == [*(event.id for event in events), early.id]


async def test_each_space_has_a_chain_of_its_own() -> None:
    store = MemoryStore()
    await a_log(store, an_event(0), an_event(1, ELSEWHERE), an_event(2))
    for space_id, length in ((SOMEWHERE, 2), (ELSEWHERE, 1)):
        assert await inspector(store)(space_id) == Verdict(length)


class _Late(MemoryAuditLog):
    """A log in which somebody else is quicker."""

    async def add_seals(self, seals: Sequence[Seal]) -> None:
        if any(seal.position % 3 == 2 for seal in seals):
            raise SealTaken
        await super().add_seals(seals)


class Contested:
    """Opens logs; the first few times a seal is too late."""

    def __init__(self, store: MemoryStore, losses: int) -> None:
        self._store = store
        self.losses = losses

    @asynccontextmanager
    async def __call__(
        self, space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AsyncIterator[AuditLog]:
        async with self._store.begin(read_only=read_only) as contents:
            kind = _Late if self.losses else MemoryAuditLog
            self.losses = max(0, self.losses - 1)
            yield kind(contents, space_id)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("losses", [1, 2, 5])
async def test_a_seal_that_comes_too_late_is_tried_again(losses: int) -> None:
    store = MemoryStore()
    events = await a_log(store, *map(an_event, range(5)))
    open_log = Contested(store, losses)
    await SealLog(open_log)(SOMEWHERE)
    assert open_log.losses == 0
    assert [seal.event_id for seal in await seals_in(store)] == [event.id for event in events]
    assert await inspector(store)(SOMEWHERE) == Verdict(5)


async def test_every_log_that_has_grown_is_sealed() -> None:
    office = Office()
    await office.open()
    await office.a_task()
    await refused(office.app.get_organization(office["stranger"], office.id), SpaceForbidden)
    await refused(office.app.sign_in("member@example.org", "a wrong one"), NotAuthenticated)
    await office.app.seal_grown_logs()
    contents = await office.contents()
    sealed = {(space_id, seal.event_id) for (space_id, _), seal in contents.audit_seals.items()}
    assert sealed == set(contents.audit_events)


async def test_a_log_that_has_not_grown_is_left_alone() -> None:
    opened: list[SpaceId] = []

    @asynccontextmanager
    async def open_log(
        space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AsyncIterator[AuditLog]:
        opened.append(space_id)
        async with MemoryOpenLog(store)(space_id, read_only=read_only, share=share) as log:
            yield log

    store, unsealed = MemoryStore(), Unsealed()
    seal_grown_logs = SealGrownLogs(SealLog(open_log), unsealed)
    unsealed.forget(SOMEWHERE)
    unsealed.forget(SOMEWHERE)
    for _ in range(2):
        await seal_grown_logs()
    assert opened == [SOMEWHERE]


# What is remembered as it was written


class Reading(MemoryAuditLog):
    """A log that tells when events without a seal are looked for in it."""

    looks: ClassVar[list[SpaceId]] = []

    async def unsealed(self, limit: int, *, before: EventId = LAST) -> Sequence[tuple[EventId, AuditEvent | None]]:
        self.looks.append(self._space_id)
        return await super().unsealed(limit, before=before)


class Work:
    """A process that writes and seals."""

    def __init__(self, room: int = 100) -> None:
        self.store, self.unsealed = MemoryStore(), Unsealed(room)
        self.seal_log = SealLog(self.open_log)
        self.seal_grown_logs = SealGrownLogs(self.seal_log, self.unsealed)
        self.faults: dict[SpaceId, Exception] = {}
        self.turns: list[SpaceId] = []
        Reading.looks.clear()

    @asynccontextmanager
    async def open_log(
        self, space_id: SpaceId, *, read_only: bool = False, share: ShareKey = SERVICE
    ) -> AsyncIterator[AuditLog]:
        if not read_only:
            self.turns.append(space_id)
            if space_id in self.faults:
                raise self.faults[space_id]
        async with self.store.begin(read_only=read_only) as contents:
            yield Reading(contents, space_id)

    async def write(self, *events: AuditEvent) -> list[EventId]:
        await a_log(self.store, *events)
        self.unsealed.add(*events)
        return [event.id for event in events]

    async def sealed(self) -> list[EventId]:
        return [seal.event_id for seal in await seals_in(self.store)]

    async def left(self) -> set[tuple[SpaceId, EventId]]:
        async with self.store.begin(read_only=True) as contents:
            return set(contents.unsealed_events)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("length", [1, 3, 4, 8])
async def test_what_is_remembered_is_sealed_as_it_was_written_and_not_looked_for(work: Work, length: int) -> None:
    written = await work.write(*map(an_event, range(length)))
    await work.seal_grown_logs()
    assert (await work.sealed(), len(Reading.looks)) == (written, 0)
    more = await work.write(an_event(20), an_event(21))
    await work.seal_grown_logs()
    assert (await work.sealed(), len(Reading.looks)) == ([*written, *more], 0)
    assert await inspector(work.store)(SOMEWHERE) == Verdict(length + 2)


@pytest.mark.parametrize("is_removed", [True, False])
async def test_what_is_touched_before_it_is_sealed_is_found(work: Work, *, is_removed: bool) -> None:
    await work.write(*map(an_event, range(3)))
    async with work.store.begin(read_only=False) as contents:
        touched = contents.audit_events.pop((SOMEWHERE, an_event(1).id))
        if not is_removed:
            contents.audit_events[SOMEWHERE, touched.id] = an_event(1, user_agent="somebody else")
    await work.seal_grown_logs()
    assert await inspector(work.store)(SOMEWHERE) == Verdict(1, touched.id)


async def test_what_is_removed_before_it_is_sealed_is_found_though_no_process_remembers_it(work: Work) -> None:
    events = await a_log(work.store, *map(an_event, range(3)))
    async with work.store.begin(read_only=False) as contents:
        del contents.audit_events[SOMEWHERE, events[1].id]
    assert await inspector(work.store)(SOMEWHERE) == Verdict(1, events[1].id)
    assert await work.sealed() == [event.id for event in events]
    assert await work.left() == set()


@pytest.mark.usefixtures("few_at_once")
async def test_what_is_looked_up_is_found_in_stretches(work: Work) -> None:
    events = await a_log(work.store, *(an_event(number, ELSEWHERE) for number in range(7)))
    work.unsealed.forget(ELSEWHERE)
    await work.seal_grown_logs()
    assert await work.sealed() == [event.id for event in events]
    assert Reading.looks == [ELSEWHERE] * 3
    assert await work.left() == set()


async def test_a_look_ends_though_more_is_written_all_the_time(work: Work) -> None:
    async def add_seals(self: Reading, seals: Sequence[Seal]) -> None:
        await MemoryAuditLog.add_seals(self, seals)
        await self.append(an_event(100 + seals[-1].position))

    await a_log(work.store, an_event(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reading, "add_seals", add_seals)
        await work.seal_log(SOMEWHERE)
    assert await work.left() == {(SOMEWHERE, an_event(101).id)}


async def test_an_event_that_has_a_seal_and_is_queued_nevertheless_is_sealed_once(work: Work) -> None:
    events = await a_log(work.store, *map(an_event, range(3)))
    await work.seal_log.these(SOMEWHERE, events[:2])
    async with work.store.begin(read_only=False) as contents:
        contents.unsealed_events[SOMEWHERE, events[0].id] = None
    async with asyncio.timeout(5):
        await work.seal_log(SOMEWHERE)
    assert await work.sealed() == [event.id for event in events]
    assert await work.left() == set()


# Turns


@pytest.mark.usefixtures("few_at_once")
async def test_a_burst_in_one_space_lets_all_others_go_first_and_between_its_turns(work: Work) -> None:
    await work.write(*map(an_event, range(10)), an_event(10, ELSEWHERE), an_event(11, THIRD))
    really, newcomers = work.seal_log.these, iter([12, 13])

    async def these(_: SealLog, space_id: SpaceId, events: Sequence[AuditEvent]) -> None:
        await really(space_id, events)
        if space_id == SOMEWHERE:
            await work.write(*(an_event(number, ELSEWHERE) for number in [*newcomers][:1]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SealLog, "these", these)
        await work.seal_grown_logs()
    assert work.turns == [ELSEWHERE, THIRD, SOMEWHERE, ELSEWHERE, SOMEWHERE, SOMEWHERE, SOMEWHERE]
    assert await inspector(work.store)(SOMEWHERE) == Verdict(10)


@pytest.mark.usefixtures("few_at_once")
async def test_bursts_take_turns(work: Work) -> None:
    await work.write(*map(an_event, range(9)), *(an_event(number, ELSEWHERE) for number in range(20, 26)))
    work.unsealed.forget(THIRD)
    await a_log(work.store, *(an_event(number, THIRD) for number in range(40, 47)))
    await work.seal_grown_logs()
    assert work.turns == [SOMEWHERE, ELSEWHERE, ELSEWHERE, THIRD, SOMEWHERE, SOMEWHERE, THIRD, THIRD]
    assert await work.left() == set()


async def test_a_space_that_fails_does_not_stop_the_others_and_is_looked_up_the_next_time(work: Work) -> None:
    mine = await work.write(an_event(0))
    theirs = await work.write(an_event(1, ELSEWHERE))
    work.faults = {SOMEWHERE: Unavailable()}
    for _ in range(2):
        with pytest.raises(ExceptionGroup) as failed:
            await work.seal_grown_logs()
        assert failed.value.exceptions == (work.faults[SOMEWHERE],)
        assert await work.sealed() == theirs
    work.faults.clear()
    await work.seal_grown_logs()
    assert await work.sealed() == [*mine, *theirs]
    assert Reading.looks == [SOMEWHERE] * 2


async def test_each_kind_of_failure_is_told_once(work: Work) -> None:
    faults = [Unavailable(), KeyError(), Unavailable()]
    work.faults = {SpaceId(UUID(int=number)): fault for number, fault in enumerate(faults, start=1)}
    await work.write(*(an_event(number, space_id) for number, space_id in enumerate(work.faults)))
    with pytest.raises(ExceptionGroup) as failed:
        await work.seal_grown_logs()
    assert failed.value.exceptions == tuple(faults[:2])


async def test_where_every_space_fails_the_others_wait_for_the_next_time(work: Work) -> None:
    spaces = [SpaceId(UUID(int=number)) for number in range(1, 10)]
    work.faults = dict.fromkeys(spaces, Unavailable())
    await work.write(*(an_event(number, space_id) for number, space_id in enumerate(spaces)))
    for tried in (spaces[:5], spaces[5:] + spaces[:1]):
        work.turns.clear()
        with pytest.raises(ExceptionGroup):
            await work.seal_grown_logs()
        assert work.turns == tried
    work.faults.clear()
    await work.seal_grown_logs()
    assert await work.left() == set()


async def test_a_turn_that_is_interrupted_is_looked_up_the_next_time(work: Work) -> None:
    written = await work.write(an_event(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SealLog, "these", AsyncMock(side_effect=asyncio.CancelledError))
        with pytest.raises(asyncio.CancelledError):
            await work.seal_grown_logs()
    await work.seal_grown_logs()
    assert await work.sealed() == written


async def test_for_what_there_was_no_room_is_looked_up() -> None:
    work = Work(room=3)
    written = await work.write(*(an_event(number) for number in range(4)))
    assert work.unsealed.waiting() == {SOMEWHERE: None}
    await work.seal_grown_logs()
    assert (await work.sealed(), Reading.looks) == (written, [SOMEWHERE])
    await work.write(*(an_event(number, ELSEWHERE) for number in range(4, 7)))
    work.unsealed.add(an_event(0))
    assert work.unsealed.waiting() == {ELSEWHERE: 3, SOMEWHERE: None}
    work.unsealed.add(an_event(0))
    assert work.unsealed.waiting() == {ELSEWHERE: 3, SOMEWHERE: None}


async def test_room_that_is_free_again_is_used() -> None:
    unsealed = Unsealed(2)
    unsealed.add(an_event(0), an_event(1))
    unsealed.forget(SOMEWHERE)
    unsealed.add(an_event(6), an_event(2, ELSEWHERE), an_event(3, ELSEWHERE))
    assert unsealed.waiting() == {SOMEWHERE: None, ELSEWHERE: 2}
    assert unsealed.take(SOMEWHERE, 1) is None
    assert unsealed.take(ELSEWHERE, 1) == [an_event(2, ELSEWHERE)]
    unsealed.add(an_event(4), an_event(5))
    assert unsealed.waiting() == {ELSEWHERE: 1, SOMEWHERE: None}


# What no process remembers


class Left:
    """Looks for what was left, at a moment in the middle of a log."""

    def __init__(self, work: Work) -> None:
        self.clock = SetClock(NOON)
        self.look = SealLeftEvents(MemoryNextUnsealed(work.store), work.seal_log, self.clock)


def made_at(age: timedelta, number: int, space_id: SpaceId = SOMEWHERE) -> AuditEvent:
    id_ = UUID(int=first_id_at(NOON - age).int + number)
    return an_event(number, space_id, id=EventId(id_))


async def test_what_was_left_is_sealed_whatever_its_age_and_wherever_it_is(work: Work) -> None:
    old = [
        made_at(timedelta(days=days), days, space_id) for days, space_id in ((900, THIRD), (3, ELSEWHERE), (1, THIRD))
    ]
    await a_log(work.store, *old)
    await Left(work).look()
    assert await work.left() == set()
    assert {space_id for space_id, _ in (await contents_of(work)).audit_seals} == {ELSEWHERE, THIRD}


async def test_what_its_own_process_will_seal_is_left_alone_for_a_minute(work: Work) -> None:
    late, young = made_at(timedelta(seconds=61), 1), made_at(timedelta(seconds=59), 2)
    await a_log(work.store, late, young)
    left = Left(work)
    await left.look()
    assert await work.sealed() == [late.id]
    left.clock.advance(timedelta(seconds=2))
    await left.look()
    assert await work.sealed() == [late.id, young.id]


@pytest.mark.usefixtures("few_at_once")
async def test_what_was_left_is_sealed_in_turns(work: Work) -> None:
    spaces = (SOMEWHERE, ELSEWHERE, THIRD)
    old = [made_at(timedelta(days=1), number, spaces[number % 3]) for number in range(15)]
    await a_log(work.store, *old, made_at(timedelta(days=1), 15))
    await Left(work).look()
    assert work.turns == [*spaces, *spaces]
    assert await work.left() == set()


async def test_a_space_in_which_what_was_left_cannot_be_sealed_does_not_stop_the_others(work: Work) -> None:
    work.faults = {SOMEWHERE: Unavailable()}
    events = [made_at(timedelta(days=1), number, space) for number, space in enumerate((SOMEWHERE, ELSEWHERE))]
    await a_log(work.store, *events)
    with pytest.raises(ExceptionGroup) as failed:
        await Left(work).look()
    assert failed.value.exceptions == (work.faults[SOMEWHERE],)
    assert await work.sealed() == [events[1].id]


async def contents_of(work: Work) -> Contents:
    async with work.store.begin(read_only=True) as contents:
        return contents


# Others who seal


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("number", range(5))
async def test_what_a_verdict_has_sealed_meanwhile_is_not_sealed_again(work: Work, number: int) -> None:
    early, late = (an_event(one) for one in range(number)), (an_event(one) for one in range(number, 5))
    written = await work.write(*early)
    assert await inspector(work.store)(SOMEWHERE) == Verdict(number)
    written += await work.write(*late)
    await work.seal_grown_logs()
    assert (await work.sealed(), len(Reading.looks)) == (written, 0)
    assert await inspector(work.store)(SOMEWHERE) == Verdict(5)


@pytest.mark.usefixtures("few_at_once")
@pytest.mark.parametrize("losses", [1, 2, 5])
async def test_a_process_that_was_quicker_is_followed(losses: int) -> None:
    store = MemoryStore()
    mine = await a_log(store, *map(an_event, range(5)))
    await SealLog(Contested(store, 2 * losses)).these(SOMEWHERE, mine)
    assert [seal.event_id for seal in await seals_in(store)] == [event.id for event in mine]


async def test_what_another_process_has_sealed_meanwhile_is_not_sealed_again(work: Work) -> None:
    mine, theirs = [an_event(number) for number in range(4)], [an_event(number) for number in (10, 1, 11)]
    await a_log(work.store, *mine, *theirs)
    await work.seal_log.these(SOMEWHERE, theirs)
    await work.seal_log._seal(SOMEWHERE, [(event.id, event) for event in mine], end=None)
    assert await work.sealed() == [event.id for event in (*theirs, mine[0], mine[2], mine[3])]
    assert await inspector(work.store)(SOMEWHERE) == Verdict(6)


@pytest.mark.usefixtures("few_at_once")
async def test_what_remains_after_a_fault_is_looked_up_the_next_time(work: Work) -> None:
    written = await work.write(*map(an_event, range(5)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reading, "add_seals", failing_behind(4))
        await refused(work.seal_grown_logs(), ExceptionGroup)
    assert await work.sealed() == written[:3]
    await work.seal_grown_logs()
    assert await work.sealed() == written
    assert await inspector(work.store)(SOMEWHERE) == Verdict(5)


def failing_behind(position: int) -> object:
    """How a log takes seals that has no room from a position on."""

    async def add_seals(self: Reading, seals: Sequence[Seal]) -> None:
        if seals[-1].position >= position:
            raise Unavailable
        await MemoryAuditLog.add_seals(self, seals)

    return add_seals
