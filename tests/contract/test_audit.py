"""The exam of the logs: what is written comes back as it was, in its own space, and nobody changes it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import AsyncMock, patch
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import URL

from adapters.memory.audit import MemoryNextUnsealed, MemoryOpenLog
from adapters.memory.long_work import MemoryLongWork
from adapters.memory.spaces import MemoryOpenSpace
from adapters.sql import migrations
from adapters.sql.audit import SqlNextUnsealed, SqlOpenLog
from adapters.sql.spaces import SqlOpenSpace
from adapters.sql.sqlite import SqliteDatabase
from adapters.system.clock import SystemClock
from application.organizations import DissolveOrganization, FoundOrganization, RenameOrganization
from application.ports.audit import AuditLog, AuditQuery, NextUnsealed, OpenLog, SealTaken
from application.ports.identity import OpenIdentity
from application.ports.reading import OpenedForReading
from application.ports.spaces import OpenSpace, Space
from application.recording.identity import RecordingOpenIdentity
from application.recording.scribe import Scribe, Unsealed
from application.recording.spaces import RecordingOpenSpace
from application.sealing import SealGrownLogs, SealLeftEvents, SealLog
from application.tasks import ChangeTask, CreateTask, GetTask
from application.verifying import InspectLog
from domain.access import Actor, Origin, Role
from domain.audit import Action, AuditEvent, Outcome, Resource, Source
from domain.errors import NotAuthenticated, SpaceForbidden, TaskNotFound
from domain.ids import EventId, SpaceId, TaskId, UserId, personal_space
from domain.organization import OrganizationName
from domain.seals import Seal, Verdict
from domain.tag import TagName
from domain.task import Description, TaskDraft, TaskStatus, Title
from domain.user import FullName
from tests.support.people import ROOM, People, a_task, new_id
from tests.support.stores import NOON, Store, in_database

AWKWARD: Final = "'; DROP TABLE audit_events; -- \"\\ %_ \U0001f600 é \u202e\n\t"
HOUR: Final = timedelta(hours=1)
TICK: Final = timedelta(microseconds=1)
ORIGIN: Final = Origin("2001:db8::1", AWKWARD, "a request")


class Interrupted(Exception):
    """Something goes wrong inside a space."""


@pytest.fixture
def open_log(store: Store) -> OpenLog:
    """The door to the logs of the same store."""
    return log_door(store)


@pytest.fixture
def scribe(store: Store, open_log: OpenLog) -> Scribe:
    return Scribe(store.clock, new_id, open_log, Unsealed())


@pytest.fixture
def recorded(store: Store, scribe: Scribe) -> OpenSpace:
    """The door to spaces, with a scribe beside it."""
    return RecordingOpenSpace(store.open_space, scribe)


@pytest.fixture
def recorded_identity(store: Store, scribe: Scribe) -> OpenIdentity:
    """The door to accounts, with a scribe beside it."""
    return RecordingOpenIdentity(store.open_identity, scribe)


@pytest.fixture
def seal_log(open_log: OpenLog) -> SealLog:
    return SealLog(open_log)


@pytest.fixture
def inspect_log(open_log: OpenLog) -> InspectLog:
    return inspector(open_log)


def inspector(open_log: OpenLog) -> InspectLog:
    return InspectLog(open_log, SealLog(open_log), MemoryLongWork(), SystemClock())


@pytest.fixture
def next_unsealed(store: Store) -> NextUnsealed:
    if isinstance(store.open_space, MemoryOpenSpace):
        return MemoryNextUnsealed(store.open_space._store)
    assert isinstance(store.open_space, SqlOpenSpace)
    return SqlNextUnsealed(store.open_space._database)


def log_door(store: Store) -> OpenLog:
    if isinstance(store.open_space, MemoryOpenSpace):
        return MemoryOpenLog(store.open_space._store)
    assert isinstance(store.open_space, SqlOpenSpace)
    return SqlOpenLog(store.open_space._database)


def a_space() -> SpaceId:
    """A space that nothing else is written about."""
    return SpaceId(new_id())


def an_event(space_id: SpaceId, **parts: Any) -> AuditEvent:
    """An event that is not written down yet."""
    whole: dict[str, Any] = {
        "id": EventId(new_id()),
        "at": NOON,
        "actor_id": UserId(new_id()),
        "action": Action.UPDATE,
        "outcome": Outcome.SUCCESS,
        "resource_type": Resource.TASK,
        "resource_id": str(new_id()),
        "ip_address": "192.0.2.1",
        "user_agent": "a browser",
        "request_id": "a request",
        "changes": {},
    }
    return AuditEvent(space_id=space_id, **whole | parts)


async def write(open_log: OpenLog, *events: AuditEvent) -> Sequence[AuditEvent]:
    """Write events down, each in its own log."""
    for event in events:
        async with open_log(event.space_id) as log:
            await log.append(event)
    return events


async def a_log(open_log: OpenLog, space_id: SpaceId, length: int) -> Sequence[AuditEvent]:
    return await write(open_log, *(an_event(space_id) for _ in range(length)))


def with_ids(events: Sequence[AuditEvent]) -> list[tuple[EventId, AuditEvent]]:
    """As the unsealed ones are told."""
    return [(event.id, event) for event in events]


async def read(open_log: OpenLog, space_id: SpaceId, **query: Any) -> Sequence[AuditEvent]:
    async with open_log(space_id, read_only=True) as log:
        return await log.find(AuditQuery(**{"limit": 1000} | query))


async def chain_of(open_log: OpenLog, space_id: SpaceId) -> list[tuple[Seal, AuditEvent | None]]:
    async with open_log(space_id, read_only=True) as log:
        return await log.chain(0, 1000)


async def seal(open_log: OpenLog, space_id: SpaceId, one: Seal) -> None:
    async with open_log(space_id) as log:
        await log.add_seals([one])


# What is written down


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"source": None},
        *({"source": source, "actor_id": None} for source in Source),
        dict.fromkeys(["actor_id", "resource_id", "ip_address", "user_agent", "request_id"]),
        dict.fromkeys(["resource_id", "ip_address", "user_agent", "request_id"], AWKWARD),
        dict.fromkeys(["resource_id", "ip_address", "user_agent", "request_id"], ""),
        {"user_agent": "x" * 100_000},
        {"at": datetime(9999, 12, 31, 23, 59, 59, 999_998, tzinfo=UTC)},
        {"at": datetime(1970, 1, 1, tzinfo=UTC) - TICK},
        {"changes": {AWKWARD: {"from": AWKWARD, "to": None}, "flag": {"to": True}, "number": {"from": 1, "to": -1}}},
        {"changes": {"tags": {"from": [], "to": [AWKWARD, "b"]}, "deep": {"to": {"a": [{"b": None}]}}}},
    ],
)
async def test_an_event_comes_back_as_it_was(open_log: OpenLog, seal_log: SealLog, parts: dict[str, Any]) -> None:
    space_id = a_space()
    event = an_event(space_id, **parts)
    async with open_log(space_id) as log:
        await log.append(event)
        assert list(await log.find(AuditQuery())) == [event]
        assert await log.unsealed(9) == with_ids([event])
    assert list(await read(open_log, space_id)) == [event]
    await seal_log(space_id)
    assert await chain_of(open_log, space_id) == [(Seal.of(event, after=None), event)]


async def test_every_action_outcome_and_kind_can_be_written_down(open_log: OpenLog) -> None:
    space_id = a_space()
    events = [an_event(space_id, action=action) for action in Action]
    events += [an_event(space_id, outcome=outcome) for outcome in Outcome]
    events += [an_event(space_id, resource_type=kind) for kind in Resource]
    await write(open_log, *events)
    assert list(await read(open_log, space_id)) == events[::-1]


async def test_an_event_is_written_down_in_the_log_that_it_names(open_log: OpenLog) -> None:
    here, there = a_space(), a_space()
    event = an_event(there)
    async with open_log(here) as log:
        await log.append(event)
    assert list(await read(open_log, here)) == []
    assert list(await read(open_log, there)) == [event]


async def test_a_log_that_has_passed_an_event_on_is_still_the_same_log(open_log: OpenLog) -> None:
    here, there = a_space(), a_space()
    mine = an_event(here)
    sealed = Seal.of(mine, after=None)
    async with open_log(here) as log:
        await log.append(mine)
        await log.append(an_event(there))
        assert list(await log.find(AuditQuery())) == [mine]
        await log.append(an_event(there))
        assert await log.unsealed(9) == with_ids([mine])
        await log.append(an_event(there))
        await log.add_seals([sealed])
        await log.append(an_event(there))
        assert await log.last_seal() == sealed
        await log.append(an_event(there))
        assert await log.chain(0, 9) == [(sealed, mine)]


async def test_what_is_undone_was_never_written_down(open_log: OpenLog) -> None:
    space_id = a_space()
    event = an_event(space_id)

    async def write_and_fail() -> None:
        async with open_log(space_id) as log:
            await log.append(event)
            await log.add_seals([Seal.of(event, after=None)])
            raise Interrupted

    with pytest.raises(Interrupted):
        await write_and_fail()
    async with open_log(space_id, read_only=True) as log:
        assert list(await log.find(AuditQuery())) == []
        assert await log.last_seal() is None


async def test_nothing_is_written_into_a_log_that_was_opened_for_reading(open_log: OpenLog) -> None:
    space_id = a_space()
    (event,) = await a_log(open_log, space_id, 1)
    async with open_log(space_id, read_only=True) as log:
        with pytest.raises(OpenedForReading):
            await log.append(an_event(space_id))
        with pytest.raises(OpenedForReading):
            await log.add_seals([Seal.of(event, after=None)])


# Finding


async def test_the_newest_comes_first_whatever_was_written_first(open_log: OpenLog) -> None:
    space_id = a_space()
    events = [an_event(space_id) for _ in range(5)]
    await write(open_log, *(events[number] for number in (2, 4, 0, 3, 1)))
    assert list(await read(open_log, space_id)) == events[::-1]
    async with open_log(space_id, read_only=True) as log:
        assert await log.unsealed(9) == with_ids(events)


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
async def test_no_more_than_asked_for_is_found(open_log: OpenLog, limit: int) -> None:
    space_id = a_space()
    events = await a_log(open_log, space_id, 6)
    assert list(await read(open_log, space_id, limit=limit)) == list(events[::-1][:limit])
    for number, seen in enumerate(events):
        found = await read(open_log, space_id, limit=limit, after=seen.place)
        assert list(found) == list(events[:number][::-1][:limit])


FILTERED: Final[dict[str, tuple[dict[str, Any], list[int]]]] = {
    "an action": ({"action": Action.DELETE}, [3, 1]),
    "an action that was not done": ({"action": Action.PURGE}, []),
    "a kind": ({"resource_type": Resource.MEMBER}, [3, 2]),
    "a thing": ({"resource_id": AWKWARD}, [3]),
    "no thing": ({"resource_id": "None"}, []),
    "from a moment on": ({"since": NOON + 2 * HOUR}, [4, 3, 2]),
    "after a moment": ({"since": NOON + 2 * HOUR + TICK}, [4, 3]),
    "before a moment": ({"until": NOON + 2 * HOUR}, [1, 0]),
    "up to a moment": ({"until": NOON + 2 * HOUR + TICK}, [2, 1, 0]),
    "a stretch": ({"since": NOON + HOUR, "until": NOON + 4 * HOUR}, [3, 2, 1]),
    "everything at once": (
        {
            "action": Action.DELETE,
            "resource_type": Resource.MEMBER,
            "resource_id": AWKWARD,
            "since": NOON,
            "until": NOON + 9 * HOUR,
        },
        [3],
    ),
}


@pytest.mark.parametrize("wanted", FILTERED)
async def test_only_what_fits_is_found(open_log: OpenLog, wanted: str) -> None:
    space_id = a_space()
    parts: list[dict[str, Any]] = [
        {"resource_id": None},
        {"action": Action.DELETE},
        {"resource_type": Resource.MEMBER},
        {"action": Action.DELETE, "resource_type": Resource.MEMBER, "resource_id": AWKWARD},
        {"outcome": Outcome.DENIED},
    ]
    events = [an_event(space_id, at=NOON + hour * HOUR, **part) for hour, part in enumerate(parts)]
    await write(open_log, *events, *(replace(event, space_id=a_space()) for event in events))
    filters, expected = FILTERED[wanted]
    assert list(await read(open_log, space_id, **filters)) == [events[number] for number in expected]
    older = await read(open_log, space_id, **filters, after=events[3].place)
    assert list(older) == [events[number] for number in expected if number < 3]


async def test_a_log_shows_nothing_of_another(open_log: OpenLog, seal_log: SealLog) -> None:
    here, there = a_space(), a_space()
    (mine,) = await a_log(open_log, here, 1)
    theirs = replace(mine, space_id=there, user_agent="another")
    await write(open_log, theirs, an_event(there))
    await write(open_log, an_event(there))
    await seal_log(there)
    async with open_log(here, read_only=True) as log:
        assert list(await log.find(AuditQuery())) == [mine]
        assert await log.unsealed(9) == with_ids([mine])
        assert await log.last_seal() is None
        assert await log.sealed([mine.id]) == set()
        assert await log.chain(0, 9) == []
    await seal_log(here)
    assert await chain_of(open_log, here) == [(Seal.of(mine, after=None), mine)]
    assert (await chain_of(open_log, there))[0][1] == theirs


# Sealing


async def test_unsealed_events_come_oldest_first_and_not_too_many(open_log: OpenLog) -> None:
    space_id = a_space()
    events = await a_log(open_log, space_id, 5)
    await seal(open_log, space_id, Seal.of(events[1], after=None))
    rest = [events[0], *events[2:]]
    async with open_log(space_id, read_only=True) as log:
        for limit in (1, 3, 4, 9):
            assert await log.unsealed(limit) == with_ids(rest[:limit])
        assert await log.unsealed(9, before=events[4].id) == with_ids(rest[:-1])
        assert await log.unsealed(1, before=events[3].id) == with_ids([events[0]])
        assert await log.unsealed(9, before=events[0].id) == []


async def test_an_event_that_a_seal_vouches_for_is_unsealed_no_more_and_others_are(open_log: OpenLog) -> None:
    here, there = a_space(), a_space()
    first, second, third = await a_log(open_log, here, 3)
    same = replace(second, space_id=there)
    await write(open_log, same)
    await seal(open_log, here, Seal.of(second, after=None))
    async with open_log(here) as log:
        assert await log.unsealed(9) == with_ids([first, third])
        await log.dequeue([third.id, second.id])
        assert await log.unsealed(9) == with_ids([first])
    async with open_log(there, read_only=True) as log:
        assert await log.unsealed(9) == with_ids([same])


async def test_a_seal_that_is_not_kept_leaves_its_event_unsealed(open_log: OpenLog) -> None:
    space_id = a_space()
    first, second = await a_log(open_log, space_id, 2)
    await seal(open_log, space_id, Seal.of(first, after=None))
    with pytest.raises(SealTaken):
        await seal(open_log, space_id, Seal.of(second, after=None))
    async with open_log(space_id, read_only=True) as log:
        assert await log.unsealed(9) == with_ids([second])


async def test_an_event_that_is_not_kept_is_not_unsealed_either(open_log: OpenLog) -> None:
    space_id = a_space()

    async def write_and_fail() -> None:
        async with open_log(space_id) as log:
            await log.append(an_event(space_id))
            raise Interrupted

    with pytest.raises(Interrupted):
        await write_and_fail()
    async with open_log(space_id, read_only=True) as log:
        assert await log.unsealed(9) == []


async def test_an_event_that_was_removed_before_its_seal_is_told_by_its_id(fresh_sqlite_url: URL) -> None:
    await migrations.upgrade(fresh_sqlite_url)
    space_id = a_space()
    async with in_database("sqlite", fresh_sqlite_url) as store:
        open_log = log_door(store)
        first, gone = await a_log(open_log, space_id, 2)
        with closing(sqlite3.connect(fresh_sqlite_url.database or "")) as owner:
            owner.execute("DROP TRIGGER audit_events_no_delete")
            owner.execute("DELETE FROM audit_events WHERE id = ?", [gone.id.bytes])
            owner.commit()
        async with open_log(space_id, read_only=True) as log:
            assert await log.unsealed(9) == [(first.id, first), (gone.id, None)]
        assert await inspector(open_log)(space_id) == Verdict(1, gone.id)


async def test_spaces_with_unsealed_events_are_told_one_after_the_other(
    open_log: OpenLog, next_unsealed: NextUnsealed
) -> None:
    spaces = sorted(a_space() for _ in range(4))
    below = SpaceId(UUID(int=spaces[0].int - 1))
    events = {space_id: await a_log(open_log, space_id, 2) for space_id in spaces}

    async def told(before: EventId) -> list[SpaceId]:
        found: list[SpaceId] = []
        while space_id := await next_unsealed(before=before, after=found[-1] if found else below):
            found.append(space_id)
        return found

    assert await told(events[spaces[3]][1].id) == spaces
    assert await told(events[spaces[3]][0].id) == spaces[:3]
    assert await told(events[spaces[0]][0].id) == []
    await SealLog(open_log)(spaces[1])
    assert await told(events[spaces[3]][0].id) == [spaces[0], spaces[2]]


async def test_what_other_processes_left_is_sealed_in_every_space(
    store: Store, open_log: OpenLog, seal_log: SealLog, next_unsealed: NextUnsealed
) -> None:
    spaces = [a_space() for _ in range(3)]
    for space_id in spaces:
        await a_log(open_log, space_id, 2)
    await SealLeftEvents(next_unsealed, seal_log, lambda: datetime.now(UTC) + HOUR)()
    for space_id in spaces:
        assert len(await chain_of(open_log, space_id)) == 2


async def test_what_is_sealed_is_told_of_those_that_are_asked_about(open_log: OpenLog) -> None:
    space_id = a_space()
    first, second, third = await a_log(open_log, space_id, 3)
    await seal(open_log, space_id, one := Seal.of(first, after=None))
    await seal(open_log, space_id, Seal.of(third, after=one))
    async with open_log(space_id, read_only=True) as log:
        assert await log.sealed([first.id, second.id]) == {first.id}
        assert await log.sealed([second.id]) == await log.sealed([]) == set()
        assert await log.sealed([first.id, third.id]) == {first.id, third.id}


@pytest.mark.parametrize("sealers", [2, 5])
async def test_many_who_seal_the_same_events_seal_each_once(
    open_log: OpenLog, seal_log: SealLog, inspect_log: InspectLog, monkeypatch: pytest.MonkeyPatch, sealers: int
) -> None:
    monkeypatch.setattr("application.sealing._AT_ONCE", 7)
    space_id = a_space()
    events = await a_log(open_log, space_id, 30)
    await asyncio.gather(*(seal_log.these(space_id, events[number:]) for number in range(sealers)))
    chain = await chain_of(open_log, space_id)
    assert sorted(event.id for _, event in chain if event) == [event.id for event in events]
    assert await inspect_log(space_id) == Verdict(30)


async def test_a_chain_is_read_in_stretches(open_log: OpenLog, seal_log: SealLog) -> None:
    space_id = a_space()
    events = await a_log(open_log, space_id, 5)
    await seal_log(space_id)
    whole = await chain_of(open_log, space_id)
    assert [event for _, event in whole] == list(events)
    assert [one.position for one, _ in whole] == [1, 2, 3, 4, 5]
    async with open_log(space_id, read_only=True) as log:
        assert await log.last_seal() == whole[-1][0]
        for after in range(7):
            for limit in (1, 2, 9):
                assert await log.chain(after, limit) == whole[after : after + limit]


async def test_a_seal_whose_event_is_gone_is_still_there(open_log: OpenLog, inspect_log: InspectLog) -> None:
    space_id = a_space()
    gone = Seal(1, EventId(new_id()), bytes(range(32)))
    await seal(open_log, space_id, gone)
    (event,) = await a_log(open_log, space_id, 1)
    await seal(open_log, space_id, Seal.of(event, after=gone))
    assert await chain_of(open_log, space_id) == [(gone, None), (Seal.of(event, after=gone), event)]
    assert await inspect_log(space_id) == Verdict(0, gone.event_id)


async def test_a_position_is_sealed_once_and_so_is_an_event(open_log: OpenLog) -> None:
    space_id, elsewhere = a_space(), a_space()
    first, second = await a_log(open_log, space_id, 2)
    kept = Seal.of(first, after=None)
    await seal(open_log, space_id, kept)
    for late in (kept, Seal.of(second, after=None), Seal.of(first, after=kept), replace(kept, digest=bytes(32))):
        with pytest.raises(SealTaken):
            await seal(open_log, space_id, late)
    assert await chain_of(open_log, space_id) == [(kept, first)]
    await seal(open_log, elsewhere, kept)
    await seal(open_log, space_id, Seal.of(second, after=kept))


@pytest.mark.parametrize("sealers", [2, 5])
async def test_many_sealers_at_once_make_one_chain(
    open_log: OpenLog, seal_log: SealLog, inspect_log: InspectLog, monkeypatch: pytest.MonkeyPatch, sealers: int
) -> None:
    monkeypatch.setattr("application.sealing._AT_ONCE", 7)
    space_id = a_space()
    events = await a_log(open_log, space_id, 30)
    await asyncio.gather(*(seal_log(space_id) for _ in range(sealers)))
    chain = await chain_of(open_log, space_id)
    assert [event for _, event in chain] == list(events)
    assert [one.position for one, _ in chain] == list(range(1, 31))
    assert await inspect_log(space_id) == Verdict(30)


async def test_others_go_on_while_much_is_sealed(sqlite: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("application.sealing._AT_ONCE", 2)
    monkeypatch.setattr("adapters.sql.turns.Turns._leave_a_gap", AsyncMock())
    space_id, turns = a_space(), 0
    await a_log(log_door(sqlite), space_id, 10)

    async def others() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    going_on = asyncio.create_task(others())
    await SealLog(log_door(sqlite))(space_id)
    going_on.cancel()
    assert turns >= 10 // 2


async def test_what_is_written_while_the_log_is_sealed_is_sealed_too(
    open_log: OpenLog, seal_log: SealLog, inspect_log: InspectLog
) -> None:
    space_id = a_space()
    writing = [a_log(open_log, space_id, 5) for _ in range(4)]
    await asyncio.gather(*writing, *(seal_log(space_id) for _ in range(4)))
    await seal_log(space_id)
    assert await inspect_log(space_id) == Verdict(20)
    chain = await chain_of(open_log, space_id)
    assert {event.id for _, event in chain if event} == {event.id for event in await read(open_log, space_id)}


# Nobody changes what is written

CHANGES: Final = [
    "UPDATE audit_events SET user_agent = 'somebody else'",
    "UPDATE audit_events SET actor_id = NULL",
    "DELETE FROM audit_events",
    "UPDATE audit_seals SET position = position + 1000",
    "DELETE FROM audit_seals",
]
PERMITTED_TO_NOBODY: Final = [
    "TRUNCATE audit_events",
    "TRUNCATE audit_seals",
    "ALTER TABLE audit_events DISABLE ROW LEVEL SECURITY",
    "DROP POLICY audit_events_of_this_space ON audit_events",
    "DROP TABLE audit_seals",
    "INSERT INTO audit_seals SELECT * FROM audit_seals ON CONFLICT (space_id, position) DO UPDATE SET digest = ''",
]


async def a_sealed_log(store: Store) -> SpaceId:
    space_id, open_log = a_space(), log_door(store)
    await a_log(open_log, space_id, 3)
    await SealLog(open_log)(space_id)
    return space_id


async def assert_untouched(store: Store, space_id: SpaceId) -> None:
    open_log = log_door(store)
    assert await inspector(open_log)(space_id) == Verdict(3)


@pytest.mark.parametrize("change", CHANGES)
async def test_a_log_in_sqlite_is_only_added_to(sqlite: Store, change: str) -> None:
    space_id = await a_sealed_log(sqlite)
    assert isinstance(sqlite.open_space, SqlOpenSpace)
    assert isinstance(sqlite.open_space._database, SqliteDatabase)
    with closing(sqlite3.connect(sqlite.open_space._database._path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="only added to"):
            connection.execute(change)
        connection.commit()
    await assert_untouched(sqlite, space_id)


@pytest.mark.parametrize("change", CHANGES + PERMITTED_TO_NOBODY)
async def test_the_services_role_only_adds_to_a_log(postgres_as_service: Store, service_url: URL, change: str) -> None:
    space_id = await a_sealed_log(postgres_as_service)
    connection = await asyncpg.connect(service_url.render_as_string(hide_password=False))
    try:
        await connection.execute(f"SET app.space_id = '{space_id}'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change)
    finally:
        await connection.close()
    await assert_untouched(postgres_as_service, space_id)


async def test_the_services_role_adds_to_the_log_it_has_stepped_into_only(
    postgres_as_service: Store, service_url: URL
) -> None:
    here, there = [await a_sealed_log(postgres_as_service) for _ in range(2)]
    copy = (
        "INSERT INTO audit_events (space_id, id, at, action, outcome, resource_type, changes) "
        "VALUES ($1, $2, now(), 'READ', 'success', 'task', '{}')"
    )
    connection = await asyncpg.connect(service_url.render_as_string(hide_password=False))
    try:
        await connection.execute(f"SET app.space_id = '{here}'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(copy, there, new_id())
        assert await connection.fetchval("SELECT count(*) FROM audit_events") == 3
        assert await connection.fetchval("SELECT count(*) FROM audit_seals") == 3
    finally:
        await connection.close()
    await assert_untouched(postgres_as_service, there)


# The recording doors on each store


async def test_many_writers_at_once_leave_one_event_each(
    store: Store, people: People, recorded: OpenSpace, open_log: OpenLog, inspect_log: InspectLog
) -> None:
    owner = await people.somebody()
    writers = [owner, *[await people.somebody() for _ in range(19)]]
    space_id = personal_space(owner.user_id)
    for writer in writers[1:]:
        await people.let_in(writer.user_id, space_id, Role.MEMBER)
    create, change = CreateTask(recorded, store.clock, new_id, ROOM), ChangeTask(recorded, store.clock, new_id, ROOM)

    async def work(writer: Actor) -> None:
        task = await create(writer, str(space_id), {"title": Title("a")})
        await change(writer, str(space_id), task.id, {"title": Title("b")})

    await asyncio.gather(*map(work, writers))
    events = await read(open_log, space_id)
    done = [(event.actor_id, event.action) for event in events]
    expected = {(writer.user_id, action) for writer in writers for action in (Action.CREATE, Action.UPDATE)}
    assert set(done) == expected
    assert len(done) == len(expected)
    assert await inspect_log(space_id) == Verdict(40)


async def test_a_change_and_its_event_are_kept_together_or_not_at_all(
    people: People, recorded: OpenSpace, open_log: OpenLog
) -> None:
    somebody = await people.somebody()

    async def work(error: Exception | None) -> None:
        async with recorded(somebody, None) as space:
            await space.tasks.add(a_task(space))
            if error:
                raise error

    with pytest.raises(Interrupted):
        await work(Interrupted())
    assert list(await read(open_log, personal_space(somebody.user_id))) == []
    await work(None)
    (event,) = await read(open_log, personal_space(somebody.user_id))
    assert event.action is Action.CREATE


async def test_what_is_sealed_as_it_was_written_is_what_is_kept(
    store: Store, people: People, scribe: Scribe, seal_log: SealLog, inspect_log: InspectLog
) -> None:
    somebody = await people.somebody()
    space_id = personal_space(somebody.user_id)
    seal_grown_logs = SealGrownLogs(seal_log, scribe.unsealed)
    recorded = RecordingOpenSpace(store.open_space, scribe)
    draft: TaskDraft = {
        "title": Title("\U0001f600 \u00e9" * 80),
        "description": Description(""),
        "status": TaskStatus.COMPLETED,
        "due_date": store.clock() + TICK,
        "tags": (TagName("x"), TagName('"\u2028')),
        "assignee_id": somebody.user_id,
    }
    task = await CreateTask(recorded, store.clock, new_id, ROOM)(somebody, None, draft)
    await ChangeTask(recorded, store.clock, new_id, ROOM)(somebody, None, task.id, {"due_date": None, "tags": ()})
    with pytest.raises(TaskNotFound):
        await GetTask(recorded)(somebody, None, TaskId(new_id()))
    with patch.object(SealLog, "found", AsyncMock(side_effect=AssertionError)):
        await seal_grown_logs()
    assert await inspect_log(space_id) == Verdict(5)


async def test_what_is_kept_after_a_look_for_unsealed_logs_is_sealed_at_the_next(
    store: Store, people: People, scribe: Scribe, seal_log: SealLog
) -> None:
    somebody = await people.somebody()
    space_id = personal_space(somebody.user_id)
    seal_grown_logs = SealGrownLogs(seal_log, scribe.unsealed)
    looks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def slow_to_commit(
        actor: Actor, owner_id: str | None, *, read_only: bool = False, recalls: bool = False
    ) -> AsyncIterator[Space]:
        async with store.open_space(actor, owner_id, read_only=read_only, recalls=recalls) as space:
            yield space
            looks.append(asyncio.create_task(seal_grown_logs()))
            await asyncio.wait(looks, timeout=0.2)

    recorded = RecordingOpenSpace(slow_to_commit, scribe)
    await CreateTask(recorded, store.clock, new_id, ROOM)(somebody, None, {"title": Title("a")})
    await asyncio.gather(*looks)
    await seal_grown_logs()
    async with seal_log.open_log(space_id, read_only=True) as log:
        assert await log.unsealed(9) == []
        assert await log.last_seal() is not None


async def test_a_refusal_is_kept_although_everything_else_is_undone(
    store: Store, people: People, recorded: OpenSpace, open_log: OpenLog
) -> None:
    somebody, other = await people.somebody(), await people.somebody()
    somebody = replace(somebody, origin=ORIGIN)

    async def look(owner_id: str) -> None:
        async with recorded(somebody, owner_id):
            pytest.fail("the space has opened")

    with pytest.raises(SpaceForbidden):
        await look(str(other.user_id))
    async with store.open_identity(somebody) as identity:
        session = await identity.sessions.get(somebody.session_id)
        await identity.sessions.save(session.revoke(at=store.clock()))
    with pytest.raises(NotAuthenticated):
        await look(str(somebody.user_id))
    assert list(await read(open_log, personal_space(other.user_id))) == []
    events = await read(open_log, personal_space(somebody.user_id))
    assert [event.changes["reason"] for event in events] == ["not-authenticated", "space-forbidden"]
    for event in events:
        assert (event.outcome, event.actor_id) == (Outcome.DENIED, somebody.user_id)
        assert Origin(event.ip_address, event.user_agent, event.request_id) == ORIGIN


async def test_a_log_tells_whether_its_space_still_exists(store: Store, people: People, open_log: OpenLog) -> None:
    user, another = await people.register(), await people.register()
    assert await exist(open_log, user.id, another.id, new_id()) == [True, True, False]
    async with store.open_identity(None) as identity:
        await identity.users.remove(user, at=NOON, limit=99)
    assert await exist(open_log, user.id, another.id) == [False, True]


async def exist(open_log: OpenLog, *space_ids: UUID) -> list[bool]:
    found = []
    for space_id in space_ids:
        async with open_log(SpaceId(space_id)) as log:
            await log.append(an_event(SpaceId(new_id())))
            found.append(await log.has_space())
    return found


async def test_the_log_of_an_organization_outlives_it(
    store: Store,
    people: People,
    recorded: OpenSpace,
    recorded_identity: OpenIdentity,
    inspect_log: InspectLog,
) -> None:
    owner, open_log = await people.somebody(), inspect_log.open_log
    name = OrganizationName("Firm")
    firm = (await FoundOrganization(recorded_identity, store.clock, new_id, ROOM)(owner, name)).id
    await RenameOrganization(recorded, store.clock)(owner, str(firm), OrganizationName("Co"))
    await inspect_log(firm)
    await DissolveOrganization(recorded, store.clock)(owner, str(firm), "Co")
    events = await read(open_log, firm)
    assert [event.action for event in events] == [Action.DELETE, Action.UPDATE, Action.CREATE]
    assert await inspect_log(firm) == Verdict(3)
    (event,) = await read(open_log, personal_space(owner.user_id))
    assert (event.action, event.resource_id) == (Action.DELETE, str(firm))


# What administrators see


async def test_administrators_see_accounts_sessions_and_refusals_of_every_space_and_nothing_else(
    store: Store, people: People, open_log: OpenLog
) -> None:
    about, somebody = str(new_id()), await people.somebody()
    events = [
        an_event(a_space(), resource_id=about, resource_type=kind, outcome=outcome)
        for kind in Resource
        for outcome in Outcome
    ]
    await write(open_log, *events)
    public = {Resource.ACCOUNT, Resource.SESSION}
    expected = [e for e in events if e.outcome is not Outcome.SUCCESS or e.resource_type in public]
    async with store.open_identity(somebody, read_only=True) as identity:
        found = await identity.accounts_log.find(AuditQuery(resource_id=about, limit=100))
        assert list(found) == expected[::-1]
        page = await identity.accounts_log.find(AuditQuery(resource_id=about, limit=3, after=expected[5].place))
        assert list(page) == expected[2:5][::-1]
        denied = AuditQuery(resource_id=about, resource_type=Resource.TASK, limit=100)
        assert {event.outcome for event in await identity.accounts_log.find(denied)} == {Outcome.DENIED, Outcome.FAILED}


async def test_looking_at_all_accounts_opens_no_other_log_afterwards(
    store: Store, people: People, open_log: OpenLog
) -> None:
    somebody = await people.somebody()
    space_id = a_space()
    await write(open_log, an_event(space_id, resource_type=Resource.ACCOUNT), an_event(space_id))
    async with store.open_identity(somebody, read_only=True) as identity:
        await identity.accounts_log.find(AuditQuery())
    async with store.open_space(somebody, None, read_only=True) as space:
        assert list(await space.audit.find(AuditQuery())) == []
    async with open_log(a_space(), read_only=True) as log:
        assert await everything(log) == ([], [], None, [])


async def everything(log: AuditLog) -> tuple[list[AuditEvent], list[Any], Seal | None, list[Any]]:
    return list(await log.find(AuditQuery())), list(await log.unsealed(9)), await log.last_seal(), await log.chain(0, 9)


async def test_a_change_of_an_account_is_in_its_own_log(
    people: People, recorded_identity: OpenIdentity, open_log: OpenLog
) -> None:
    somebody = await people.somebody()
    async with recorded_identity(somebody) as identity:
        user = await identity.users.get(somebody.user_id)
        await identity.users.save(replace(user, full_name=FullName(AWKWARD)))
    (event,) = await read(open_log, personal_space(somebody.user_id))
    assert event.changes == {"full_name": {"from": None, "to": AWKWARD}}
    assert UUID(event.resource_id or "") == somebody.user_id
