"""Sealing what the logs have grown by."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar
from unittest.mock import AsyncMock
from uuid import UUID

import pytest

from adapters.memory.audit import MemoryAuditLog, MemoryOpenLog
from adapters.memory.store import MemoryStore
from application.ports.audit import AuditLog, SealTaken
from application.recording.scribe import Unsealed
from application.sealing import SealGrownLogs, SealLog
from domain.audit import AuditEvent
from domain.errors import NotAuthenticated, SpaceForbidden, Unavailable
from domain.ids import NOBODY, EventId, SpaceId
from domain.seals import Seal, Verdict
from tests.unit.application.log_builders import (
    ELSEWHERE,
    SOMEWHERE,
    a_log,
    an_event,
    inspector,
    refused,
    seals_in,
)
from tests.unit.application.organizations_builders import Office


def made_at(seconds: int, number: int) -> AuditEvent:
    return an_event(number, id=EventId(UUID(int=((1_750_000_000 + seconds) * 1000 << 80) + number)))


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


async def test_what_is_older_than_a_minute_is_looked_for_once_and_for_each_verdict() -> None:
    store, unsealed = MemoryStore(), Unsealed()
    seal_grown_logs = SealGrownLogs(SealLog(MemoryOpenLog(store)), unsealed)
    older, first = made_at(-3600, 1), made_at(0, 2)
    steps = {
        "the first time everything": ([older, first], [older, first]),
        "then what is new": ([made_at(5, 3)], [made_at(5, 3)]),
        "or came late": ([made_at(-50, 4)], [made_at(-50, 4)]),
        "but not too late": ([made_at(-300, 5)], []),
    }
    expected = []
    for step, (written, sealed) in steps.items():
        await a_log(store, *written)
        unsealed.forget(SOMEWHERE)
        await seal_grown_logs()
        expected += [event.id for event in sealed]
        assert [seal.event_id for seal in await seals_in(store)] == expected, step
    assert await inspector(store)(SOMEWHERE) == Verdict(5)


async def test_a_process_that_has_looked_over_very_many_logs_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.sealing._MOST_REMEMBERED", 1)
    store, unsealed = MemoryStore(), Unsealed()
    seal_grown_logs = SealGrownLogs(SealLog(MemoryOpenLog(store)), unsealed)
    await a_log(store, an_event(0), an_event(1, ELSEWHERE))
    for space_id in (SOMEWHERE, ELSEWHERE):
        unsealed.forget(space_id)
        await seal_grown_logs()
        assert set(seal_grown_logs.looked_over) == {space_id}


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
    async def __call__(self, space_id: SpaceId, *, read_only: bool = False) -> AsyncIterator[AuditLog]:
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
    async def open_log(space_id: SpaceId, *, read_only: bool = False) -> AsyncIterator[AuditLog]:
        opened.append(space_id)
        async with MemoryOpenLog(store)(space_id, read_only=read_only) as log:
            yield log

    store, unsealed = MemoryStore(), Unsealed()
    seal_grown_logs = SealGrownLogs(SealLog(open_log), unsealed)
    unsealed.forget(SOMEWHERE)
    unsealed.forget(SOMEWHERE)
    for _ in range(2):
        await seal_grown_logs()
    assert opened == [SOMEWHERE]


async def test_what_could_not_be_sealed_is_sealed_the_next_time() -> None:
    faults = [Unavailable()]

    @asynccontextmanager
    async def open_log(space_id: SpaceId, *, read_only: bool = False) -> AsyncIterator[AuditLog]:
        if faults:
            raise faults[0]
        async with MemoryOpenLog(store)(space_id, read_only=read_only) as log:
            yield log

    store, unsealed = MemoryStore(), Unsealed()
    await a_log(store, an_event(0), an_event(1, ELSEWHERE))
    seal_grown_logs = SealGrownLogs(SealLog(open_log), unsealed)
    for space_id in (SOMEWHERE, ELSEWHERE):
        unsealed.forget(space_id)
    await refused(seal_grown_logs(), Unavailable)
    faults.clear()
    await seal_grown_logs()
    assert {seal.event_id for seal in await seals_in(store)} == {an_event(0).id, an_event(1).id}


# What is remembered as it was written


class Reading(MemoryAuditLog):
    """A log that tells when somebody looks for what is unsealed in it."""

    looks: ClassVar[list[EventId | None]] = []
    """Behind which event, each time."""

    async def unsealed(self, limit: int, *, after: EventId | None = None) -> Sequence[AuditEvent]:
        self.looks.append(after)
        return await super().unsealed(limit, after=after)


class Work:
    """A process that writes and seals, and has looked over one log already."""

    def __init__(self, room: int = 100) -> None:
        self.store, self.unsealed = MemoryStore(), Unsealed(room)
        self.seal_grown_logs = SealGrownLogs(SealLog(self.open_log), self.unsealed, {SOMEWHERE: EventId(NOBODY)})
        self.faults: list[Exception | None] = []
        Reading.looks.clear()

    @asynccontextmanager
    async def open_log(self, space_id: SpaceId, *, read_only: bool = False) -> AsyncIterator[AuditLog]:
        async with self.store.begin(read_only=read_only) as contents:
            fault = self.faults.pop(0) if self.faults and not read_only else None
            if fault is not None:
                raise fault
            yield Reading(contents, space_id)

    async def write(self, *events: AuditEvent) -> list[EventId]:
        await a_log(self.store, *events)
        self.unsealed.add(*events)
        return [event.id for event in events]

    async def sealed(self) -> list[EventId]:
        return [seal.event_id for seal in await seals_in(self.store)]


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


@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("is_removed", [True, False])
async def test_what_is_touched_before_it_is_sealed_is_found(work: Work, *, is_removed: bool, is_known: bool) -> None:
    if not is_known:
        work.seal_grown_logs.looked_over.clear()
    await work.write(*map(an_event, range(3)))
    async with work.store.begin(read_only=False) as contents:
        touched = contents.audit_events.pop((SOMEWHERE, an_event(1).id))
        if not is_removed:
            contents.audit_events[SOMEWHERE, touched.id] = an_event(1, user_agent="somebody else")
    await work.seal_grown_logs()
    assert await inspector(work.store)(SOMEWHERE) == Verdict(1, touched.id)


async def test_a_log_that_was_never_looked_over_is_looked_through_from_its_beginning(work: Work) -> None:
    old = await a_log(work.store, an_event(1, ELSEWHERE))
    await work.write(an_event(2, ELSEWHERE))
    await work.seal_grown_logs()
    assert await work.sealed() == [an_event(2).id, old[0].id]


@pytest.mark.usefixtures("few_at_once")
async def test_what_is_looked_up_is_looked_through_once(work: Work) -> None:
    events = await a_log(work.store, *(an_event(number, ELSEWHERE) for number in range(7)))
    work.unsealed.forget(ELSEWHERE)
    await work.seal_grown_logs()
    assert await work.sealed() == [event.id for event in events]
    assert Reading.looks == [None, events[2].id, events[5].id]


async def test_a_look_ends_though_more_is_written_all_the_time(work: Work) -> None:
    async def add_seals(self: Reading, seals: Sequence[Seal]) -> None:
        await MemoryAuditLog.add_seals(self, seals)
        await self.append(an_event(100 + seals[-1].position))

    await a_log(work.store, an_event(0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reading, "add_seals", add_seals)
        assert await work.seal_grown_logs.seal_log(SOMEWHERE) == an_event(0).id
    assert await work.seal_grown_logs.seal_log(SOMEWHERE) == an_event(101).id
    assert await work.seal_grown_logs.seal_log(SOMEWHERE) is None


async def test_once_a_minute_what_others_have_left_behind_is_sealed_too(work: Work) -> None:
    old, left, late, early = made_at(-90, 1), made_at(-50, 2), made_at(61, 3), made_at(-1, 4)
    work.seal_grown_logs.looked_over[SOMEWHERE] = made_at(0, 0).id
    await a_log(work.store, old, left)
    assert await work.write(early) == [early.id]
    await work.seal_grown_logs()
    assert (await work.sealed(), Reading.looks) == ([early.id], [])
    await work.write(late)
    await work.seal_grown_logs()
    assert await work.sealed() == [early.id, late.id, left.id]
    assert work.seal_grown_logs.looked_over == {SOMEWHERE: late.id}


async def test_where_nothing_is_found_the_next_look_begins_at_the_same_place(work: Work) -> None:
    seen = made_at(0, 0).id
    work.seal_grown_logs.looked_over[SOMEWHERE] = seen
    work.unsealed.forget(SOMEWHERE)
    await work.seal_grown_logs()
    assert work.seal_grown_logs.looked_over == {SOMEWHERE: seen}


async def test_a_log_that_fails_does_not_stop_the_others(work: Work) -> None:
    work.seal_grown_logs.looked_over[ELSEWHERE] = EventId(NOBODY)
    mine = await work.write(an_event(0))
    theirs = await work.write(an_event(1, ELSEWHERE))
    work.faults = [Unavailable(), None, Unavailable()]
    for sealed in ([], theirs):
        await refused(work.seal_grown_logs(), Unavailable)
        assert await work.sealed() == sealed
    assert len(Reading.looks) == 1
    await work.seal_grown_logs()
    assert await work.sealed() == [*mine, *theirs]


async def test_for_what_there_was_no_room_is_looked_up() -> None:
    work = Work(room=3)
    written = await work.write(*(an_event(number) for number in range(4)))
    assert work.unsealed.take() == {SOMEWHERE: None}
    await work.write(*(an_event(number, ELSEWHERE) for number in range(4, 7)))
    work.unsealed.add(an_event(0))
    assert work.unsealed.take() == {ELSEWHERE: [an_event(number, ELSEWHERE) for number in (4, 5, 6)], SOMEWHERE: None}
    work.unsealed.forget(SOMEWHERE)
    work.unsealed.add(an_event(0))
    await work.seal_grown_logs()
    assert (await work.sealed(), len(Reading.looks)) == (written, 1)


async def test_room_that_is_free_again_is_used(work: Work) -> None:
    unsealed = Unsealed(2)
    unsealed.add(an_event(0), an_event(1))
    unsealed.forget(SOMEWHERE)
    unsealed.add(an_event(2, ELSEWHERE), an_event(3, ELSEWHERE))
    assert unsealed.take() == {SOMEWHERE: None, ELSEWHERE: [an_event(2, ELSEWHERE), an_event(3, ELSEWHERE)]}
    unsealed.add(an_event(4), an_event(5))
    assert unsealed.take() == {SOMEWHERE: [an_event(4), an_event(5)]}


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
async def test_whoever_is_quicker_is_let_first(work: Work, losses: int) -> None:
    written = await work.write(*map(an_event, range(5)))
    work.faults = [SealTaken() for _ in range(losses)]
    await work.seal_grown_logs()
    assert (await work.sealed(), len(Reading.looks)) == (written, 0)


@pytest.mark.usefixtures("few_at_once")
async def test_whoever_was_quicker_is_followed(work: Work) -> None:
    mine, theirs = [an_event(number) for number in range(4)], [an_event(number) for number in (10, 1, 11)]
    await a_log(work.store, *mine, *theirs)
    seal_log = work.seal_grown_logs.seal_log
    ends = iter([await seal_log._end(SOMEWHERE)])
    await seal_log.these(SOMEWHERE, theirs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SealLog, "_end", AsyncMock(side_effect=ends))
        await seal_log.these(SOMEWHERE, mine)
    assert await work.sealed() == [event.id for event in (*theirs, mine[0], mine[2], mine[3])]
    assert await inspector(work.store)(SOMEWHERE) == Verdict(6)


@pytest.mark.usefixtures("few_at_once")
async def test_what_remains_after_a_fault_is_looked_up_the_next_time(work: Work) -> None:
    written = await work.write(*map(an_event, range(5)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reading, "add_seals", failing_behind(4))
        await refused(work.seal_grown_logs(), Unavailable)
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
